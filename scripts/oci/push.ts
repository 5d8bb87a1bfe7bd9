/** Puts images into a registry over the OCI distribution API 1.1, sending only what it does not have yet. */
import type { Descriptor, Image } from './image.ts';
import { mediaTypes } from './image.ts';

export interface PushTarget {
  /** Host and port, for example `127.0.0.1:5000`. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  /** Plain http. */
  readonly insecure: boolean;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly signal?: AbortSignal;
}

const requestTimeoutMs = 60_000;

/**
 * Pushes all blobs, then the manifests below an index, then the root under its tag; gives the root's digest.
 *
 * Throws when the registry answers anything but success, with its answer in the message.
 */
export async function pushImage(image: Image, target: PushTarget): Promise<string> {
  const manifests = manifestDigests(image);
  for (const [digest, content] of image.blobs) {
    if (!manifests.has(digest)) {
      await pushBlob(target, digest, content);
    }
  }
  for (const [digest, mediaType] of manifests) {
    const reference = digest === image.root.digest ? target.tag : digest;
    await pushManifest(target, reference, { mediaType, content: contentOf(image, digest) });
  }
  return image.root.digest;
}

/**
 * Pushes documents that refer to an image. A registry that does not answer for referrers is told of them as the OCI distribution API 1.1
 * wants: by an index under a tag made of the image's digest.
 */
export async function pushAttachments(
  subject: Descriptor,
  attachments: readonly Image[],
  target: Omit<PushTarget, 'tag'>,
): Promise<void> {
  for (const attachment of attachments) {
    await pushImage(attachment, { ...target, tag: attachment.root.digest });
  }
  const to = { ...target, tag: subject.digest.replace(':', '-') };
  const referrers = await send(to, urlOf(to, `referrers/${subject.digest}`), { method: 'GET' }, [200, 404]);
  if (referrers.status === 404) {
    const content = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: attachments.map(({ root }) => root) }),
    );
    await pushManifest(to, to.tag, { mediaType: mediaTypes.index, content });
  }
}

/** Moves or adds a tag by pushing the root manifest again; its blobs must be in the repository. */
export async function tagImage(image: Image, target: PushTarget): Promise<void> {
  const content = contentOf(image, image.root.digest);
  await pushManifest(target, target.tag, { mediaType: image.root.mediaType, content });
}

/** Digest and media type of every manifest, children before the index that names them. */
function manifestDigests(image: Image): Map<string, string> {
  const children: [string, string][] =
    image.root.mediaType === mediaTypes.index ? childrenOf(contentOf(image, image.root.digest)) : [];
  return new Map([...children, [image.root.digest, image.root.mediaType]]);
}

function childrenOf(index: Uint8Array): [string, string][] {
  const parsed: { manifests: { digest: string; mediaType: string }[] } = JSON.parse(Buffer.from(index).toString());
  return parsed.manifests.map((child) => [child.digest, child.mediaType]);
}

function contentOf(image: Image, digest: string): Uint8Array {
  const content = image.blobs.get(digest);
  if (content === undefined) {
    throw new Error(`push image: blob ${digest} is not part of the image`);
  }
  return content;
}

async function pushBlob(target: PushTarget, digest: string, content: Uint8Array): Promise<void> {
  const present = await send(target, urlOf(target, `blobs/${digest}`), { method: 'HEAD' }, [200, 404]);
  if (present.status === 200) {
    return;
  }
  const started = await send(target, urlOf(target, 'blobs/uploads/'), { method: 'POST' }, [202]);
  const location = new URL(started.headers.get('location') ?? '', started.url);
  location.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await send(target, location, { method: 'PUT', headers, body: Buffer.from(content) }, [201]);
}

async function pushManifest(
  target: PushTarget,
  reference: string,
  manifest: { readonly mediaType: string; readonly content: Uint8Array },
): Promise<void> {
  const url = urlOf(target, `manifests/${reference}`);
  const headers = { 'content-type': manifest.mediaType };
  await send(target, url, { method: 'PUT', headers, body: Buffer.from(manifest.content) }, [201]);
}

function urlOf(target: PushTarget, path: string): URL {
  return new URL(`/v2/${target.repository}/${path}`, `${target.insecure ? 'http' : 'https'}://${target.host}`);
}

async function send(
  target: PushTarget,
  url: URL,
  init: { readonly method: string; readonly headers?: Record<string, string>; readonly body?: Buffer<ArrayBuffer> },
  expected: readonly number[],
): Promise<Response> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const response = await fetch(url, {
    ...init,
    headers: { ...init.headers, ...authorization(target) },
    signal: target.signal === undefined ? timeout : AbortSignal.any([target.signal, timeout]),
  });
  const body = await response.text();
  if (!expected.includes(response.status)) {
    throw new Error(`${init.method} ${url.origin}${url.pathname}: ${response.status} ${body.slice(0, 500)}`);
  }
  return response;
}

function authorization(target: PushTarget): Record<string, string> {
  if (target.credentials === undefined) {
    return {};
  }
  const { username, password } = target.credentials;
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
