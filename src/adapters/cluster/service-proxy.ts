/** Fulfils the engine's ServiceProxy with the subresource `proxy` of Services. */
import { formatDuration } from '../../core/duration.ts';
import { isOperationError } from '../../core/errors.ts';
import { isFields } from '../../core/health/objects/fields.ts';
import type { ServiceProxy } from '../../engine/ports/service-proxy.ts';
import { errorFromAnswer } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { noAnswerInTime, type PassedAnswer, type PassRequest } from '../../kube/transport.ts';

export function createServiceProxy(client: KubeClient): ServiceProxy {
  return {
    async send(request, signal) {
      const { namespace, service, port, scheme, method, path, headers, body, timeoutMs, maxBytes } = request;
      const what = `${method} ${scheme} port ${port} of Service ${namespace}/${service}`;
      const name = encodeURIComponent(`${scheme}:${service}:${port}`);
      const passed = {
        what,
        method,
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${name}/proxy${path}`,
        headers,
        ...(body === undefined ? {} : { body }),
        ...{ timeoutMs, maxBytes, signal },
      };
      const answer = await passInTime(client, passed);
      if (answer === undefined) {
        return { kind: 'Silence', message: `Service ${service} does not answer within ${formatDuration(timeoutMs)}` };
      }
      const text = answer.body.toString('utf8');
      const refusal = refusalIn(answer.status, answer.headers['content-type'], text);
      if (refusal !== undefined) {
        const error = errorFromAnswer({ what }, answer.status, refusal);
        if (error.message.includes('no endpoints available for service')) {
          return { kind: 'Silence', message: `no pod behind Service ${service} is ready` };
        }
        throw error;
      }
      return { kind: 'Response', status: answer.status, headers: answer.headers, body: text, isCut: answer.isCut };
    },
  };
}

/** Undefined: the API server took the request, and what is behind it did not answer in time. */
async function passInTime(client: KubeClient, request: PassRequest): Promise<PassedAnswer | undefined> {
  try {
    return await client.pass(request);
  } catch (error) {
    if (isOperationError(error, 'API_UNAVAILABLE') && error.context['reason'] === noAnswerInTime) {
      return undefined;
    }
    throw error;
  }
}

/** The API server's own word, told apart from what the App answers: a Status, by its content type and kind. */
function refusalIn(status: number, contentType: string | undefined, text: string): unknown {
  if (status < 400 || contentType?.startsWith('application/json') !== true) {
    return undefined;
  }
  try {
    const body: unknown = JSON.parse(text);
    const isStatus = isFields(body) && body['kind'] === 'Status' && body['apiVersion'] === 'v1';
    return isStatus && body['status'] === 'Failure' ? body : undefined;
  } catch {
    return undefined;
  }
}
