/** The Registry port over HTTP: the OCI distribution spec as registries of today speak it. */
import { formatRepository, isDigest, type Repository } from '../../core/image/reference.ts';
import type { ArtifactRegistry, WantedBlob } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore } from '../../engine/ports/attachments.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import type { ImagePlatform, Registry, RegistryAccess } from '../../engine/ports/registry.ts';
import type { RegistryWriter } from '../../engine/ports/registry-writer.ts';
import type { PlaceGuard } from '../../network/place-guard.ts';
import type { ProxySettings } from '../../network/proxy.ts';
import { identifyAccess } from './access-identity.ts';
import type { Effort } from './account.ts';
import type { AmbientCredentials } from './ambient.ts';
import type { Answer } from './answer.ts';
import { parseArtifact } from './artifact-manifest.ts';
import { createAttachmentStore } from './attachments.ts';
import { type AuthenticatedRequest, type AuthenticatedTransport, authenticate } from './authentication.ts';
import { createContentWriter } from './content-writer.ts';
import { invalidAnswer, type Operation, unexpectedAnswer } from './failure.ts';
import { createHostGate, type HostGate, type HostView } from './host-gate.ts';
import type { LimitsByHost } from './host-limits.ts';
import {
  digestOfHeader,
  manifestAccept,
  maxManifestBytes,
  parseConfig,
  parseManifest,
  verifyDigest,
} from './manifest.ts';
import { createPageMemory, type PageMemory } from './page-memory.ts';
import { signIn } from './sign-in.ts';
import { maxTagPageBytes, readTagList } from './tag-list.ts';
import { createTransport } from './transport.ts';

export interface RegistryClientOptions {
  readonly clock: Clock;
  /** For one request with its redirects. Default 30 s. */
  readonly timeoutMs?: number;
  /** Default `headgate`. */
  readonly userAgent?: string;
  readonly proxy?: ProxySettings | undefined;
  /** Where nothing is ever sent. Default: link-local addresses. */
  readonly guard?: PlaceGuard | undefined;
  /** Asked in this order where an access has no credentials. */
  readonly ambient?: readonly AmbientCredentials[];
  /** How much is asked of which registry at most; what is known of a host counts where nothing is said. */
  readonly limits?: LimitsByHost;
  /** Told of each request that was sent: status or error code. */
  readonly onSent?: (host: string, outcome: string) => void;
}

/** One for the process: it keeps connections and tokens. */
export interface RegistryClient extends Registry, ArtifactRegistry, AttachmentStore, RegistryWriter {
  /** How it stands with each registry that was asked. */
  readonly hosts: readonly HostView[];
  /** Ends all connections and requests; what waits fails with REGISTRY_UNREACHABLE. */
  close(): Promise<void>;
}

/** All that one call needs. */
interface Call {
  readonly client: Client;
  readonly operation: Operation;
  readonly repository: Repository;
  readonly access: RegistryAccess;
  readonly signal: AbortSignal;
}

interface Client {
  readonly transport: AuthenticatedTransport;
  readonly gate: HostGate;
  readonly pages: PageMemory;
  /** That have refused to be asked for large pages. */
  readonly modestHosts: Set<string>;
  readonly clock: Clock;
}

/** As many at once as registries are known to give. */
const pageSize = 10_000;
/** ECR and others refuse to be asked for more. */
const modestPageSize = 1_000;

/**
 * Makes the client. Errors of every method: REGISTRY_UNREACHABLE (network, 5xx), REGISTRY_DENIED (401, 403),
 * REGISTRY_RATE_LIMITED (429, after which the registry is left alone until its time; or our budget for it is used up), REGISTRY_NOT_FOUND (unknown repository),
 * REGISTRY_ANSWER_INVALID (not what the protocol says), SECRET_INVALID (unreadable CA bundle). None holds a credential.
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { clock, timeoutMs = 30_000, userAgent = 'headgate', proxy, ambient = [] } = options;
  const transport = createTransport({ timeoutMs, userAgent, proxy, guard: options.guard });
  const gate = createHostGate({
    clock,
    limits: options.limits ?? {},
    ...(options.onSent && { onSent: options.onSent }),
  });
  const client: Client = {
    transport: signIn(authenticate(transport, clock), ambient),
    gate,
    pages: createPageMemory(),
    modestHosts: new Set(),
    clock,
  };

  return {
    async listTags(repository, access, signal) {
      const operation = describe('list tags of', repository, '');
      return await listTags({ client, operation, repository, access, signal });
    },
    async findDigest(repository, tag, access, signal) {
      const operation = describe('find digest of', repository, tag);
      return await findDigest({ client, operation, repository, access, signal }, tag);
    },
    async findImage(repository, tagOrDigest, access, signal) {
      const operation = describe('find image', repository, tagOrDigest);
      return await findImage({ client, operation, repository, access, signal }, tagOrDigest);
    },
    async findArtifact(place, tagOrDigest, signal) {
      const operation = describe('find artifact', place.repository, tagOrDigest);
      return await findArtifact({ client, operation, ...place, signal }, tagOrDigest);
    },
    async fetchBlob(place, blob, signal) {
      const operation = describe('fetch content', place.repository, blob.descriptor.digest);
      return await fetchBlob({ client, operation, ...place, signal }, blob);
    },
    ...createAttachmentStore((verb, { repository, access }, reference, signal) => {
      const call: Call = { client, operation: describe(verb, repository, reference), repository, access, signal };
      return {
        operation: call.operation,
        get: (rest, options) => send(call, 'GET', { url: makeUrl(call, rest), ...options }),
        fail: (answer) => fail(call, answer),
      };
    }),
    ...createContentWriter((verb, { repository, access }, reference, signal) => {
      const call: Call = { client, operation: describe(verb, repository, reference), repository, access, signal };
      return {
        operation: call.operation,
        urlOf: (rest) => makeUrl(call, rest),
        send: (rest, part) => pass(call, { url: typeof rest === 'string' ? makeUrl(call, rest) : rest, ...part }),
        fail: (answer) => fail(call, answer),
      };
    }),
    get hosts() {
      return gate.hosts;
    },
    async close() {
      await Promise.all([transport, ...ambient].map((one) => one.close()));
    },
  };
}

async function listTags(call: Call): Promise<readonly string[]> {
  const { modestHosts } = call.client;
  const host = call.repository.registry;
  if (modestHosts.has(host)) {
    return await readTags(call, modestPageSize, () => undefined);
  }
  let isRefused = false;
  try {
    return await readTags(call, pageSize, () => {
      isRefused = true;
    });
  } catch (error) {
    if (!isRefused) {
      throw error;
    }
    modestHosts.add(host);
    return await readTags(call, modestPageSize, () => undefined);
  }
}

async function readTags(call: Call, size: number, onRefused: () => void): Promise<readonly string[]> {
  return await readTagList({
    operation: call.operation,
    firstUrl: makeUrl(call, 'tags/list'),
    pageSize: size,
    memory: call.client.pages,
    identity: identifyAccess(call.access),
    fetchPage: async (url, etag) => {
      const answer = await send(call, 'GET', { url, maxBytes: maxTagPageBytes, etag });
      if (answer.status === 400) {
        onRefused();
      }
      return answer.status === 304 && etag !== undefined ? answer : expectSuccess(call, answer);
    },
  });
}

async function findDigest(call: Call, tag: string): Promise<string | undefined> {
  const answer = await send(call, 'HEAD', { url: makeUrl(call, `manifests/${tag}`), accept: manifestAccept });
  if (answer.status === 404) {
    return undefined;
  }
  const digest = answer.status === 200 ? digestOfHeader(answer) : undefined;
  // The header is optional and so is, for some registries, HEAD; then only the bytes tell.
  if (digest === undefined && (answer.status === 200 || answer.status === 405 || answer.status === 501)) {
    return (await fetchManifest(call, tag))?.digest;
  }
  return digest ?? fail(call, answer);
}

async function findImage(call: Call, tagOrDigest: string): ReturnType<Registry['findImage']> {
  const found = await fetchManifest(call, tagOrDigest);
  if (found === undefined) {
    return undefined;
  }
  const manifest = parseManifest(call.operation, found.body);
  if (manifest.kind === 'index') {
    return { digest: found.digest, platforms: manifest.platforms };
  }
  const { config } = manifest;
  return {
    digest: found.digest,
    platforms: config === undefined ? [] : [await fetchPlatform(call, config, found.digest)],
  };
}

async function fetchManifest(
  call: Call,
  tagOrDigest: string,
): Promise<{ readonly digest: string; readonly body: Buffer } | undefined> {
  const url = makeUrl(call, `manifests/${tagOrDigest}`);
  const answer = await send(call, 'GET', { url, accept: manifestAccept, maxBytes: maxManifestBytes, effort: 'pull' });
  if (answer.status === 404) {
    return undefined;
  }
  const { body } = expectSuccess(call, answer);
  return { digest: verifyDigest(call.operation, answer, isDigest(tagOrDigest) ? tagOrDigest : undefined), body };
}

async function findArtifact(call: Call, tagOrDigest: string): ReturnType<ArtifactRegistry['findArtifact']> {
  const found = await fetchManifest(call, tagOrDigest);
  return found && { digest: found.digest, ...parseArtifact(call.operation, found.body) };
}

async function fetchBlob(call: Call, { descriptor, maxBytes }: WantedBlob): Promise<Buffer> {
  const { digest, sizeBytes } = descriptor;
  if (sizeBytes > maxBytes) {
    throw invalidAnswer(call.operation, `it has ${sizeBytes} bytes; ${maxBytes} are the most`);
  }
  const answer = await send(call, 'GET', { url: makeUrl(call, `blobs/${digest}`), accept: '*/*', maxBytes: sizeBytes });
  const { body } = expectSuccess(call, answer);
  verifyDigest(call.operation, answer, digest);
  return body;
}

/** An image without index says its platform only in its configuration, a blob; registries do not count its reading as a pull. */
async function fetchPlatform(call: Call, config: string, manifestDigest: string): Promise<ImagePlatform> {
  const answer = await send(call, 'GET', {
    url: makeUrl(call, `blobs/${config}`),
    accept: '*/*',
    maxBytes: maxManifestBytes,
  });
  const { body } = expectSuccess(call, answer);
  verifyDigest(call.operation, answer, config);
  return parseConfig(call.operation, body, manifestDigest);
}

interface Request {
  readonly url: URL;
  readonly accept?: string;
  readonly maxBytes?: number;
  readonly effort?: Effort;
  /** Of what is known already. */
  readonly etag?: string | undefined;
}

async function send(
  call: Call,
  method: 'GET' | 'HEAD',
  { url, accept, maxBytes = 0, effort = 'other', etag }: Request,
): Promise<Answer> {
  const headers = { accept: accept ?? 'application/json', ...(etag === undefined ? {} : { 'if-none-match': etag }) };
  return await pass(call, { method, url, headers, maxBytes }, effort);
}

type Part = Pick<AuthenticatedRequest, 'method' | 'url'> & Partial<AuthenticatedRequest>;

async function pass(call: Call, part: Part, effort: Effort = 'other'): Promise<Answer> {
  const { client, operation, repository, access, signal } = call;
  return await client.gate.pass({ operation, registry: repository.registry, access, effort, signal }, () =>
    client.transport.send({ headers: {}, maxBytes: 0, ...part, operation, access, signal, repository }),
  );
}

function expectSuccess(call: Call, answer: Answer): Answer {
  return answer.status === 200 ? answer : fail(call, answer);
}

function fail({ operation, client }: Call, answer: Answer): never {
  throw unexpectedAnswer(operation, answer, client.clock.now());
}

function makeUrl({ repository, access }: Call, rest: string): URL {
  // The name of Docker Hub in images is not the host of its API.
  const host = repository.registry === 'docker.io' ? 'registry-1.docker.io' : repository.registry;
  return new URL(`/v2/${repository.path}/${rest}`, `${access.insecure ? 'http' : 'https'}://${host}`);
}

function describe(verb: string, repository: Repository, tagOrDigest: string): Operation {
  const name = formatRepository(repository);
  const separator = tagOrDigest === '' ? '' : isDigest(tagOrDigest) ? '@' : ':';
  return { what: `${verb} ${name}${separator}${tagOrDigest}`, repository: name };
}
