/** A runtime stage with the HTTP API in front of it, and people of the cluster who call it: ServiceAccounts with rights of their own. */

import { type ApiSettings, openApi } from '../src/app/listeners/api-listener.ts';
import { createKubeClient, type KubeClient } from '../src/kube/client.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import type { KubeObject, ResourceType } from '../src/kube/objects.ts';
import { serviceAccounts } from '../src/kube/resource-types.ts';
import type { Change } from '../src/server/api/change-feed.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { createMetrics, type Metrics } from '../src/telemetry/metrics.ts';
import { type LogLine, openRuntimeStage, type RuntimeStage, type StageOptions } from './runtime-stage.ts';

export interface ApiStage extends RuntimeStage {
  /** Of the API, e.g. `http://127.0.0.1:41233`. */
  readonly address: string;
  readonly apiMetrics: Metrics;
  readonly apiLog: readonly LogLine[];
  /** Tells watchers of a change that was none. */
  publish(change: Change): void;
  /** Asks the API. */
  ask(path: string, request?: AskOptions): Promise<Answer>;
  /** Makes a ServiceAccount with rights in its namespace, and a token of it. */
  person(name: string, rules: readonly Rule[]): Promise<string>;
}

export interface AskOptions {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the text is no JSON. */
  readonly body: unknown;
}

/** As in a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Everything that can be read. */
export const reader: Rule = {
  apiGroups: ['headgate.dev'],
  resources: ['apps', 'updates', 'rejections', 'channels', 'releases', 'subscriptions'],
  verbs: ['get', 'list', 'watch'],
};

interface RbacObject extends KubeObject {
  readonly rules?: readonly Rule[];
  readonly roleRef?: object;
  readonly subjects?: readonly object[];
}

const roles: ResourceType = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'roles',
  kind: 'Role',
  namespaced: true,
};
const roleBindings: ResourceType = { ...roles, plural: 'rolebindings', kind: 'RoleBinding' };

export async function openApiStage(
  kubeconfigPath: string,
  settings: Partial<ApiSettings> = {},
  options: StageOptions = {},
): Promise<ApiStage> {
  const client = createKubeClient(await loadKubeConfig({ path: kubeconfigPath }));
  const apiMetrics = createMetrics({ processMetrics: false });
  const apiLog: LogLine[] = [];
  let stage: RuntimeStage | undefined;
  const clock = { now: () => new Date(), monotonicMs: () => performance.now(), schedule };
  const api = await openApi(
    { listen: '127.0.0.1:0', anonymousRead: false, ...settings },
    {
      client,
      clock,
      log: createLogger('debug', { write: (line) => apiLog.push(JSON.parse(line) as LogLine) }),
      metrics: apiMetrics,
      backend: () => stage?.runtime.api,
    },
  );
  stage = await openRuntimeStage(kubeconfigPath, { ...options, publish: api.publish });
  const opened = stage;
  const address = api.address ?? '';
  return {
    ...opened,
    address,
    apiMetrics,
    apiLog,
    publish: api.publish,
    ask: (path, request) => ask(`${address}${path}`, request),
    person: (name, rules) => makePerson(opened, name, rules),
    stop: async () => {
      await api.close();
      await opened.stop();
      await client.close();
    },
  };
}

function schedule(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

async function ask(url: string, { method = 'GET', token, body, headers = {} }: AskOptions = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function makePerson(
  { client, namespace }: { readonly client: KubeClient; readonly namespace: string },
  name: string,
  rules: readonly Rule[],
): Promise<string> {
  await client.create(serviceAccounts, { metadata: { namespace, name } });
  await client.create<RbacObject>(roles, { metadata: { namespace, name }, rules });
  await client.create<RbacObject>(roleBindings, {
    metadata: { namespace, name },
    roleRef: { apiGroup: roles.group, kind: roles.kind, name },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  });
  return await tokenOf(client, namespace, name);
}

/** A token of a ServiceAccount, as `kubectl create token` makes it. */
async function tokenOf(client: KubeClient, namespace: string, name: string): Promise<string> {
  const answer = await client.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    what: `make a token for ${name}`,
  });
  const { status } = answer as { readonly status: { readonly token: string } };
  return status.token;
}
