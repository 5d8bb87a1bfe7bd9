/** What Helm's own words mean for the Update. */

import { clipMessage } from '../../core/text.ts';
import type { HelmOperation, HelmResult } from '../../engine/ports/helm.ts';

/** Nothing is known of the chart when these are the reason. */
const unreachable = [
  /Kubernetes cluster unreachable/i,
  /connection refused/i,
  /no such pass, or its work has ended/i,
  /etcdserver: /i,
  /TLS handshake timeout/i,
  /the server is currently unable to handle the request/i,
  /an error on the server .* has prevented the request/i,
];

export function readFailure(
  kind: HelmOperation['kind'],
  { said, ended, log }: { readonly said: string; readonly ended: string | undefined; readonly log: string },
): HelmResult {
  const what = `helm ${kind.toLowerCase()}`;
  if (ended !== undefined) {
    const words = lastWords(said);
    const message = clipMessage(`${what}: ${ended}${words === '' ? '' : `; it had said: ${words}`}`);
    return ended.startsWith('it ended by') ? { kind: 'Interrupted', message } : { kind: 'OutOfBounds', message, log };
  }
  const message = clipMessage(`${what}: ${lastWords(said) || 'it ended with an error and said nothing'}`);
  return unreachable.some((pattern) => pattern.test(said))
    ? { kind: 'Interrupted', message }
    : { kind: 'Failed', message, log: message.endsWith(log.replace(/^Error: /, '')) ? '' : log };
}

/** The error that Helm ends with; warnings before it say the same at length. */
function lastWords(said: string): string {
  const lines = said.trim().split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('Error: '));
  const words = at === -1 ? lines : lines.slice(at);
  return words
    .join('\n')
    .replace(/^Error: /, '')
    .trim();
}

/** Takes every value that came from a Secret out of a text, plain and in base64. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const hidden = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  return hidden
    .toSorted((left, right) => right.length - left.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
