/**
 * Credentials from a program on this machine: the exec plugin of kubeconfig, `client.authentication.k8s.io` v1 and v1beta1.
 *
 * The program's answer is kept until it expires or the server says 401. Several requests that need it wait for one run.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { OperationError } from '../core/errors.ts';
import type { Clock } from './clock.ts';
import type { Credentials, Proof } from './credentials.ts';

export interface ExecPlugin {
  readonly apiVersion: string;
  /** A path, or a name looked up in PATH of `environment`. */
  readonly command: string;
  readonly args: readonly string[];
  /** Whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>;
  /** Shown when the command is missing: how to get it. */
  readonly installHint?: string;
  /** `spec.cluster` of KUBERNETES_EXEC_INFO; only with provideClusterInfo. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;
const maxOutputBytes = 1024 * 1024;
/** A credential is renewed this long before it ends, so that it does not end on its way to the server. */
const marginMs = 10_000;
const maxHintLength = 300;

const ExecCredential = Type.Object({
  apiVersion: Type.String(),
  kind: Type.Literal('ExecCredential'),
  status: Type.Object({
    token: Type.Optional(Type.String({ minLength: 1 })),
    clientCertificateData: Type.Optional(Type.String()),
    clientKeyData: Type.Optional(Type.String()),
    expirationTimestamp: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
});
type ExecCredential = Static<typeof ExecCredential>;

interface Granted {
  readonly proof: Proof;
  /** Wall time in ms; Infinity when the program named none. */
  readonly validUntil: number;
}

/** Errors: API_FORBIDDEN (retry backoff) when the program is missing, fails, is too slow, or answers something else. */
export function execCredentials(plugin: ExecPlugin, clock: Clock): Credentials {
  let granted: Granted | undefined;
  let running: Promise<Granted> | undefined;

  function refresh(): Promise<Granted> {
    running ??= runPlugin(plugin).finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    async current() {
      if (granted === undefined || clock.now().getTime() >= granted.validUntil - marginMs) {
        granted = await refresh();
      }
      return granted.proof;
    },
    invalidate() {
      granted = undefined;
      return true;
    },
  };
}

async function runPlugin(plugin: ExecPlugin): Promise<Granted> {
  const output = await execute(plugin);
  const credential = decode(plugin, output);
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = credential.status;
  if (token === undefined && (clientCertificateData === undefined || clientKeyData === undefined)) {
    throw pluginError(plugin, 'answer has neither a token nor a certificate with its key');
  }
  const expires = expirationTimestamp ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY;
  if (Number.isNaN(expires)) {
    throw pluginError(plugin, 'expirationTimestamp is no RFC 3339 time');
  }
  return {
    proof: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(clientCertificateData !== undefined &&
        clientKeyData !== undefined && {
          clientCertificate: { certificate: clientCertificateData, key: clientKeyData },
        }),
    },
    validUntil: expires,
  };
}

function execute(plugin: ExecPlugin): Promise<string> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.cluster && { cluster: plugin.cluster }) },
  };
  const options = {
    env: { ...plugin.environment, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeout: plugin.timeoutMs ?? defaultTimeoutMs,
    maxBuffer: maxOutputBytes,
    killSignal: 'SIGKILL' as const,
    encoding: 'utf8' as const,
    windowsHide: true,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(plugin.command, [...plugin.args], options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else {
        reject(pluginError(plugin, describeExit(plugin, error, stderr)));
      }
    });
    child.stdin?.end();
  });
}

/** The cause is left out on purpose: Node puts the whole output, that is the token, into such errors. */
function describeExit(plugin: ExecPlugin, error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') {
    return `command not found${plugin.installHint ? `: ${plugin.installHint.trim().slice(0, maxHintLength)}` : ''}`;
  }
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    return `more than ${maxOutputBytes} bytes of output`;
  }
  if (error.killed) {
    return `no answer within ${plugin.timeoutMs ?? defaultTimeoutMs} ms`;
  }
  const lastLine = stderr.trim().split('\n').at(-1) ?? '';
  return `exit ${error.code ?? 'by signal'}${lastLine && `: ${lastLine.slice(0, maxHintLength)}`}`;
}

function decode(plugin: ExecPlugin, output: string): ExecCredential {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw pluginError(plugin, 'answer is not JSON');
  }
  if (!Value.Check(ExecCredential, answer)) {
    const [first] = Value.Errors(ExecCredential, answer);
    throw pluginError(plugin, `answer is no ExecCredential: ${first?.instancePath || '/'} ${first?.message ?? ''}`);
  }
  if (answer.apiVersion !== plugin.apiVersion) {
    throw pluginError(
      plugin,
      `answer has apiVersion ${answer.apiVersion.slice(0, 64)}, kubeconfig asks for ${plugin.apiVersion}`,
    );
  }
  return answer;
}

function pluginError(plugin: ExecPlugin, what: string): OperationError {
  return new OperationError(`get credentials from ${plugin.command}: ${what}`, {
    code: 'API_FORBIDDEN',
    retry: 'backoff',
    context: { command: plugin.command },
  });
}
