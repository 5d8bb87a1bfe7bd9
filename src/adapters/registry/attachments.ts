/** Manifests of any kind, blobs and referrers (OCI distribution spec 1.1). */
import { isDigest } from '../../core/image/reference.ts';
import { attachedTags } from '../../core/signature/attached-tags.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore, Referrer, StoredManifest } from '../../engine/ports/attachments.ts';
import type { Effort } from './account.ts';
import type { Answer } from './answer.ts';
import { invalidAnswer, isRecord, type Operation } from './failure.ts';
import { findNextLink } from './link-header.ts';
import { manifestAccept, maxManifestBytes, parseObject, verifyDigest } from './manifest.ts';

/** Asks for a part of one repository. */
export interface RepositoryQuestion {
  readonly operation: Operation;
  /** @param rest path behind the repository's, with query */
  readonly get: (
    rest: string,
    options: { readonly accept: string; readonly maxBytes: number; readonly effort?: Effort },
  ) => Promise<Answer>;
  /** The error of an answer that is of no use. */
  readonly fail: (answer: Answer) => never;
}

export const indexType = 'application/vnd.oci.image.index.v1+json';
const maxReferrers = 500;
const maxPages = 20;
/** What registries without the referrers API say: the spec wants 404, some know no such path at all. */
const unknownPath: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);

/** @param ask begins a question; the verb is for messages */
export function createAttachmentStore(
  ask: (verb: string, place: ArtifactPlace, reference: string, signal: AbortSignal) => RepositoryQuestion,
): AttachmentStore {
  return {
    readManifest: (place, tagOrDigest, signal) =>
      readManifest(ask('read manifest', place, tagOrDigest, signal), tagOrDigest),
    readBlob: (place, blob, signal) => readBlob(ask('read blob', place, blob.digest, signal), blob),
    listReferrers: (place, digest, signal) => listReferrers(ask('list referrers of', place, digest, signal), digest),
  };
}

async function readManifest(question: RepositoryQuestion, tagOrDigest: string): Promise<StoredManifest | undefined> {
  const { operation } = question;
  const answer = await question.get(`manifests/${tagOrDigest}`, {
    accept: manifestAccept,
    maxBytes: maxManifestBytes,
    effort: 'pull',
  });
  if (answer.status === 404) {
    return undefined;
  }
  if (answer.status !== 200) {
    return question.fail(answer);
  }
  return {
    digest: verifyDigest(operation, answer, isDigest(tagOrDigest) ? tagOrDigest : undefined),
    body: answer.body,
  };
}

async function readBlob(
  question: RepositoryQuestion,
  { digest, maxBytes }: { readonly digest: string; readonly maxBytes: number },
): Promise<Buffer> {
  const answer = await question.get(`blobs/${digest}`, { accept: '*/*', maxBytes });
  if (answer.status !== 200) {
    return question.fail(answer);
  }
  verifyDigest(question.operation, answer, digest);
  return answer.body;
}

/** By the API, else by the tag that the spec has for registries without it. */
async function listReferrers(question: RepositoryQuestion, digest: string): Promise<readonly Referrer[]> {
  const first = await getPage(question, `referrers/${digest}`);
  if (first.status === 200 && isIndex(first)) {
    return await readPages(question, digest, first);
  }
  if (first.status !== 200 && !unknownPath.has(first.status)) {
    return question.fail(first);
  }
  // Anybody who may push can push something else under this tag; that is then no list, and no fault of the registry.
  const index = await readManifest(question, attachedTags(digest).referrers);
  return index === undefined ? [] : (descriptorsOf(question.operation, index.body) ?? []).slice(0, maxReferrers);
}

async function readPages(question: RepositoryQuestion, digest: string, first: Answer): Promise<readonly Referrer[]> {
  const descriptors: Referrer[] = [];
  let answer = first;
  for (let page = 1; ; page += 1) {
    const found = descriptorsOf(question.operation, answer.body);
    if (answer.status !== 200 || found === undefined) {
      return answer.status === 200 ? noList(question.operation) : question.fail(answer);
    }
    descriptors.push(...found);
    const link = findNextLink(answer.headers['link']);
    const query = link === undefined ? undefined : URL.parse(link, 'https://registry.invalid')?.search;
    if (query === undefined || page === maxPages || descriptors.length >= maxReferrers) {
      return descriptors.slice(0, maxReferrers);
    }
    // Wherever the link leads, only its query is of use: the path is known.
    answer = await getPage(question, `referrers/${digest}${query}`);
  }
}

function noList(operation: Operation): never {
  throw invalidAnswer(operation, 'the list of referrers has no "manifests"');
}

async function getPage(question: RepositoryQuestion, rest: string): Promise<Answer> {
  return await question.get(rest, { accept: indexType, maxBytes: maxManifestBytes });
}

/** A proxy that knows no such path may answer 200 with a page of its own. */
function isIndex(answer: Answer): boolean {
  const type = answer.headers['content-type'];
  return typeof type === 'string' && type.split(';')[0]?.trim() === indexType;
}

/** Undefined for what is no index. Lines that are none are left out: one of them must not hide the others. */
function descriptorsOf(operation: Operation, body: Buffer): readonly Referrer[] | undefined {
  const { manifests } = parseObject(operation, body, 'list of referrers');
  if (!Array.isArray(manifests)) {
    return undefined;
  }
  return manifests.flatMap((one: unknown) => {
    if (!isRecord(one) || typeof one['digest'] !== 'string' || !isDigest(one['digest'])) {
      return [];
    }
    const { digest, artifactType } = one;
    return [
      {
        digest,
        artifactType: typeof artifactType === 'string' ? artifactType : undefined,
        annotations: textsOf(one['annotations']),
      },
    ];
  });
}

function textsOf(annotations: unknown): Readonly<Record<string, string>> {
  return isRecord(annotations)
    ? Object.fromEntries(
        Object.entries(annotations).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
      )
    : {};
}
