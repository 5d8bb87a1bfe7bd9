/**
 * kubeconfig files (`kubectl config`): one context of them as a KubeConfig.
 *
 * Understood: certificate authorities, client certificates and keys inline or as files, token, tokenFile, basic auth,
 * exec plugins, tls-server-name, insecure-skip-tls-verify, proxy-url; several files joined as kubectl does (first wins).
 * Not understood: auth-provider (removed from Kubernetes 1.26), impersonation.
 */
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { load } from 'js-yaml';
import Type, { type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { OperationError } from '../core/errors.ts';
import { type Clock, systemClock } from './clock.ts';
import { type KubeConfig, readText, type TlsConfig } from './config.ts';
import { type Credentials, fixedCredentials, tokenFileCredentials } from './credentials.ts';
import { execCredentials } from './exec-credentials.ts';

export interface KubeConfigSource {
  /** A file, or several joined by the platform's path delimiter as in KUBECONFIG. Missing ones of several are passed over. */
  readonly path: string;
  /** Default: the current-context of the first file that has one. */
  readonly context?: string;
  /** Environment of exec plugins; PATH finds them. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
}

const Text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const Flag = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]));

const Cluster = Type.Object({
  server: Type.String({ pattern: '^https?://' }),
  'certificate-authority': Text,
  'certificate-authority-data': Text,
  'tls-server-name': Text,
  'insecure-skip-tls-verify': Flag,
  'proxy-url': Text,
});
const Context = Type.Object({ cluster: Type.String(), user: Text, namespace: Text });
const Exec = Type.Object({
  apiVersion: Type.Union([
    Type.Literal('client.authentication.k8s.io/v1'),
    Type.Literal('client.authentication.k8s.io/v1beta1'),
  ]),
  command: Type.String({ minLength: 1 }),
  args: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
  env: Type.Optional(Type.Union([Type.Array(Type.Object({ name: Type.String(), value: Type.String() })), Type.Null()])),
  installHint: Text,
  provideClusterInfo: Flag,
  interactiveMode: Text,
});
const User = Type.Object({
  'client-certificate': Text,
  'client-certificate-data': Text,
  'client-key': Text,
  'client-key-data': Text,
  token: Text,
  tokenFile: Text,
  username: Text,
  password: Text,
  exec: Type.Optional(Type.Union([Exec, Type.Null()])),
});
const NamedEntry = Type.Object({ name: Type.String() });
const Entries = Type.Optional(Type.Union([Type.Array(NamedEntry), Type.Null()]));
const File = Type.Object({ clusters: Entries, users: Entries, contexts: Entries, 'current-context': Text });

type Cluster = Static<typeof Cluster>;
type Exec = Static<typeof Exec>;
type User = Static<typeof User>;
type Section = 'clusters' | 'users' | 'contexts';

/** A file with its folder: relative paths inside it start there. */
interface LoadedFile {
  readonly path: string;
  readonly content: Static<typeof File>;
}

/** One entry, decoded, with the file it stands in. */
interface Entry<T> {
  readonly value: T;
  readonly path: string;
}

/** Throws CONFIG_INVALID naming file and field when the files or the context are not usable. */
export async function loadKubeConfig(source: KubeConfigSource): Promise<KubeConfig> {
  const files = await loadFiles(source.path);
  const name = source.context ?? files.map((file) => file.content['current-context']).find((context) => context);
  if (!name) {
    throw invalid(source.path, 'no current-context, and none was asked for');
  }
  const context = findEntry(files, 'contexts', name, Context);
  const cluster = findEntry(files, 'clusters', context.value.cluster, Cluster);
  const user: Entry<User> = context.value.user
    ? findEntry(files, 'users', context.value.user, User)
    : { value: {}, path: source.path };
  const tls = await tlsOf(cluster);
  const proxyUrl = cluster.value['proxy-url'];
  return {
    server: cluster.value.server,
    namespace: context.value.namespace || 'default',
    tls,
    credentials: await credentialsOf(user, cluster.value, tls, source),
    ...(proxyUrl && { proxyUrl }),
  };
}

async function loadFiles(paths: string): Promise<readonly LoadedFile[]> {
  const all = paths.split(delimiter).filter((path) => path !== '');
  const files: LoadedFile[] = [];
  for (const path of all) {
    try {
      files.push({ path, content: decode(path, 'kubeconfig', File, parseYaml(path, await readText(path))) });
    } catch (error) {
      const isMissing =
        error instanceof OperationError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      if (!(isMissing && all.length > 1)) {
        throw error;
      }
    }
  }
  return files;
}

function parseYaml(path: string, content: string): unknown {
  try {
    return load(content);
  } catch {
    // The parser's message quotes lines of the file, which holds keys.
    throw invalid(path, 'not YAML');
  }
}

function findEntry<T extends TSchema>(
  files: readonly LoadedFile[],
  section: Section,
  name: string,
  schema: T,
): Entry<Static<T>> {
  const field = section.slice(0, -1);
  for (const file of files) {
    const entry = file.content[section]?.find((each) => each.name === name);
    if (entry !== undefined) {
      const value = (entry as Readonly<Record<string, unknown>>)[field] ?? {};
      return { value: decode(file.path, `${field} ${name}`, schema, value), path: file.path };
    }
  }
  throw invalid(files.map((file) => file.path).join(delimiter), `no ${field} named ${name}`);
}

function decode<T extends TSchema>(path: string, what: string, schema: T, value: unknown): Static<T> {
  if (Value.Check(schema, value)) {
    return value;
  }
  const [first] = Value.Errors(schema, value);
  throw invalid(path, `${what}: ${first?.instancePath || '/'} ${first?.message ?? 'is not valid'}`);
}

async function tlsOf({ value, path }: Entry<Cluster>): Promise<TlsConfig> {
  const ca = await inlineOrFile(path, value['certificate-authority-data'], value['certificate-authority']);
  const serverName = value['tls-server-name'];
  return {
    ...(ca !== undefined && { ca }),
    ...(serverName && { serverName }),
    ...(value['insecure-skip-tls-verify'] && { skipVerify: true }),
  };
}

async function credentialsOf(
  user: Entry<User>,
  cluster: Cluster,
  tls: TlsConfig,
  source: KubeConfigSource,
): Promise<Credentials> {
  const { value, path } = user;
  const clock = source.clock ?? systemClock;
  if (value.exec) {
    return execCredentials(pluginOf({ value: value.exec, path }, cluster, tls, source), clock);
  }
  if (!value.token && value.tokenFile) {
    return tokenFileCredentials(besideFile(path, value.tokenFile), clock);
  }
  const certificate = await inlineOrFile(path, value['client-certificate-data'], value['client-certificate']);
  const key = await inlineOrFile(path, value['client-key-data'], value['client-key']);
  const authorization = authorizationOf(value);
  if ((certificate === undefined) !== (key === undefined)) {
    throw invalid(path, 'user has a client certificate without its key, or the key alone');
  }
  return fixedCredentials({
    ...(authorization !== undefined && { authorization }),
    ...(certificate !== undefined && key !== undefined && { clientCertificate: { certificate, key } }),
  });
}

function authorizationOf(user: User): string | undefined {
  if (user.token) {
    return `Bearer ${user.token}`;
  }
  if (user.username) {
    return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
  }
  return undefined;
}

function pluginOf({ value, path }: Entry<Exec>, cluster: Cluster, tls: TlsConfig, source: KubeConfigSource) {
  if (value.interactiveMode === 'Always') {
    throw invalid(path, `exec plugin ${value.command} has interactiveMode Always, and nobody is there to answer it`);
  }
  const inherited = Object.entries(source.environment ?? {}).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  const added = (value.env ?? []).map(({ name, value: text }) => [name, text] as const);
  return {
    apiVersion: value.apiVersion,
    // kubectl: a command with a path separator is relative to the file, a bare name is looked up in PATH.
    command: /[/\\]/.test(value.command) ? besideFile(path, value.command) : value.command,
    args: value.args ?? [],
    environment: Object.fromEntries([...inherited, ...added]),
    ...(value.installHint && { installHint: value.installHint }),
    ...(value.provideClusterInfo && { cluster: clusterInfo(cluster, tls) }),
  };
}

function clusterInfo(cluster: Cluster, tls: TlsConfig): Readonly<Record<string, unknown>> {
  return {
    server: cluster.server,
    ...(tls.ca && { 'certificate-authority-data': Buffer.from(tls.ca).toString('base64') }),
    ...(tls.serverName && { 'tls-server-name': tls.serverName }),
    ...(tls.skipVerify && { 'insecure-skip-tls-verify': true }),
  };
}

async function inlineOrFile(
  path: string,
  data: string | null | undefined,
  file: string | null | undefined,
): Promise<string | undefined> {
  if (data) {
    return Buffer.from(data, 'base64').toString('utf8');
  }
  return file ? readText(besideFile(path, file)) : undefined;
}

function besideFile(path: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(path), file);
}

function invalid(path: string, what: string): OperationError {
  return new OperationError(`read kubeconfig ${path}: ${what}`, {
    code: 'CONFIG_INVALID',
    retry: 'never',
    context: { path },
  });
}
