/**
 * A command in a container, over the API server's WebSocket (`v5.channel.k8s.io`): each message is one byte that names the channel, and
 * content. Nothing is sent to the command; what it writes is bounded.
 */
import { WebSocket } from 'undici';
import type { SocketAccess } from './agents.ts';
import { type CallDescription, unavailable } from './api-error.ts';

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  /** The pod's default container when undefined. */
  readonly container: string | undefined;
  /** Program and its arguments; no shell. */
  readonly command: readonly string[];
  readonly signal: AbortSignal;
}

export interface ExecResult {
  /** 0: it went well. Undefined: it could not be started, and `output` says why. */
  readonly exitCode: number | undefined;
  /** The end of what it wrote, both streams as they came. */
  readonly output: string;
}

/** https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets */
const execProtocol = 'v5.channel.k8s.io';
const outputs: readonly (number | undefined)[] = [1, 2];
const verdictChannel = 3;
const longestOutput = 4_096;

export function execPath({ namespace, pod, container, command }: ExecRequest): string {
  const query = new URLSearchParams({ stdout: 'true', stderr: 'true', ...(container !== undefined && { container }) });
  for (const part of command) {
    query.append('command', part);
  }
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
}

/**
 * Runs it to its end.
 *
 * @returns undefined when no connection came about: what the server has against it has to be asked
 * @throws API_UNAVAILABLE when the connection breaks before the command has ended; the signal's reason
 */
export async function converse(
  call: CallDescription,
  { url, headers, dispatcher }: SocketAccess,
  signal: AbortSignal,
): Promise<ExecResult | undefined> {
  signal.throwIfAborted();
  const socket = new WebSocket(url, { protocols: execProtocol, headers, dispatcher });
  socket.binaryType = 'arraybuffer';
  const { promise, resolve, reject } = Promise.withResolvers<ExecResult | undefined>();
  let output = '';
  let isOpen = false;
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  socket.addEventListener('open', () => {
    isOpen = true;
  });
  socket.addEventListener('message', ({ data }) => {
    const bytes = Buffer.from(data as ArrayBuffer);
    const text = bytes.subarray(1).toString('utf8');
    if (outputs.includes(bytes[0])) {
      output = (output + text).slice(-longestOutput);
    } else if (bytes[0] === verdictChannel) {
      resolve(readVerdict(text, output));
    }
  });
  // A connection that never came about closes, too.
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('close', () => {
    if (isOpen) {
      reject(unavailable(call, `the connection ended before the command did; it had written: ${output}`));
    } else {
      resolve(undefined);
    }
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.close();
  }
}

/** A Status; its cause `ExitCode` is the command's own (k8s.io/apimachinery/pkg/util/remotecommand). */
function readVerdict(text: string, output: string): ExecResult {
  const { status, message, details } = JSON.parse(text) as {
    readonly status?: string;
    readonly message?: string;
    readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
  };
  if (status === 'Success') {
    return { exitCode: 0, output };
  }
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? { exitCode: undefined, output: message ?? output } : { exitCode: Number(code), output };
}
