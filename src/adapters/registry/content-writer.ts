/** Fulfils the engine's RegistryWriter: blobs in one piece, and manifests (OCI distribution spec 1.1, "Push"). */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import type { NewBlob, NewManifest, RegistryWriter } from '../../engine/ports/registry-writer.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, type Operation } from './failure.ts';
import type { RegistryRequest } from './transport.ts';

type Part = Pick<RegistryRequest, 'method' | 'body' | 'timeoutMs' | 'consume'> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes?: number;
};

/** Sends to one repository. */
export interface RepositoryRequests {
  readonly operation: Operation;
  /** @param rest path behind the repository's, or an address that the registry named */
  readonly send: (rest: string | URL, part: Part) => Promise<Answer>;
  /** Of a path behind the repository's. */
  readonly urlOf: (rest: string) => URL;
  /** The error of an answer that is of no use. */
  readonly fail: (answer: Answer) => never;
}

/** For one blob, besides what its size asks for. */
const baseTimeoutMs = 60_000;
const slowestBytesPerMs = 50;

/** @param begin the verb is for messages */
export function createContentWriter(
  begin: (verb: string, place: ArtifactPlace, reference: string, signal: AbortSignal) => RepositoryRequests,
): RegistryWriter {
  return {
    hasBlob: (place, digest, signal) => hasBlob(begin('look for blob', place, digest, signal), digest),
    writeBlob: (place, blob, signal) => writeBlob(begin('write blob', place, blob.digest, signal), blob),
    writeManifest: (place, reference, manifest, signal) =>
      writeManifest(begin('write manifest', place, reference, signal), reference, manifest),
    saveBlob: (place, blob, file, signal) => saveBlob(begin('read blob', place, blob.digest, signal), blob, file),
  };
}

/** A repository that is not there yet says 404, too. */
async function hasBlob(requests: RepositoryRequests, digest: string): Promise<boolean> {
  const { status } = await requests.send(`blobs/${digest}`, { method: 'HEAD' });
  return status === 200;
}

async function writeBlob(requests: RepositoryRequests, blob: NewBlob): Promise<void> {
  if (await hasBlob(requests, blob.digest)) {
    return;
  }
  const begun = await requests.send('blobs/uploads/', { method: 'POST', body: '' });
  if (begun.status !== 202) {
    return requests.fail(begun);
  }
  const { content, sizeBytes, digest } = blob;
  const sent = await requests.send(locationOf(requests, begun, digest), {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes) },
    body: content,
    timeoutMs: timeFor(sizeBytes),
  });
  if (sent.status !== 201) {
    requests.fail(sent);
  }
}

function timeFor(sizeBytes: number): number {
  return baseTimeoutMs + Math.ceil(sizeBytes / slowestBytesPerMs);
}

/** Where the registry wants it. Not elsewhere: the credentials go with it. */
function locationOf({ operation, urlOf }: RepositoryRequests, answer: Answer, digest: string): URL {
  const base = urlOf('blobs/uploads/');
  const location = answer.headers['location'];
  const url = typeof location === 'string' ? URL.parse(location, base.href) : null;
  if (url === null || url.origin !== base.origin) {
    throw invalidAnswer(operation, 'it names no address of its own for the upload');
  }
  url.searchParams.set('digest', digest);
  return url;
}

async function writeManifest(
  requests: RepositoryRequests,
  reference: string,
  { mediaType, body }: NewManifest,
): Promise<void> {
  const headers = { 'content-type': mediaType };
  const answer = await requests.send(`manifests/${reference}`, { method: 'PUT', headers, body });
  if (answer.status !== 201) {
    requests.fail(answer);
  }
}

async function saveBlob(
  requests: RepositoryRequests,
  { digest, sizeBytes }: { readonly digest: string; readonly sizeBytes: number },
  file: string,
): Promise<void> {
  const [algorithm = 'sha256', wanted] = digest.split(':');
  const hash = createHash(algorithm);
  let size = 0;
  const answer = await requests.send(`blobs/${digest}`, {
    method: 'GET',
    headers: { accept: '*/*' },
    maxBytes: sizeBytes,
    timeoutMs: timeFor(sizeBytes),
    async consume(body) {
      const counted = async function* () {
        for await (const chunk of body) {
          hash.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      };
      await pipeline(Readable.from(counted()), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
    },
  });
  if (answer.status !== 200) {
    return requests.fail(answer);
  }
  if (size !== sizeBytes || hash.digest('hex') !== wanted) {
    throw invalidAnswer(requests.operation, `what came has ${size} bytes and another digest than ${digest}`);
  }
}
