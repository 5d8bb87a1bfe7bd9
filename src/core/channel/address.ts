/** Where the files of a channel are, as one address: what a hub publishes to and a cluster reads from. */
import { OperationError } from '../errors.ts';
import { type GitUrl, parseGitUrl } from '../git/git-url.ts';
import { isRefName } from '../git/names.ts';
import { parseRepository, type Repository } from '../image/reference.ts';
import { parseTreePath } from '../source/tree-path.ts';

export type ChannelAddress =
  /** @property url with a slash at its end */
  { readonly kind: 'Web' | 'File'; readonly url: string } | BucketAddress | ArtifactAddress | BranchAddress;

/** S3 and what speaks like it. */
export interface BucketAddress {
  readonly kind: 'Bucket';
  /** Origin, e.g. `https://s3.eu-west-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** An artifact in a registry: one manifest behind a tag, with a layer for each file. */
export interface ArtifactAddress {
  readonly kind: 'Artifact';
  readonly repository: Repository;
  readonly tag: string;
  readonly insecure: boolean;
}

export interface BranchAddress {
  readonly kind: 'Branch';
  readonly url: GitUrl;
  readonly branch: string;
  /** Folder in the repository; '' is its root. */
  readonly path: string;
}

const defaultRegion = 'us-east-1';
const defaultTag = 'channel';
const defaultBranch = 'channel';

/** What a schema lets pass; the rest is said by parseChannelAddress. */
export const channelAddressPattern = '^((https?|file|s3|oci)://|git\\+(https?|ssh)://)[^ ]+$';

/**
 * Reads `https://host/path`, `file:///path`, `s3://bucket/prefix?endpoint=...&region=...`, `oci://host/repository?tag=...&insecure=true`
 * and `git+https://host/repository?branch=...&path=...` (also `git+ssh://`).
 *
 * @param field for messages
 * @throws REFERENCE_INVALID
 */
export function parseChannelAddress(text: string, field: string): ChannelAddress {
  const url = URL.parse(text);
  if (url === null) {
    throw invalid(field, text, 'it is no address; write for example https://hub.example.com/stable/');
  }
  switch (url.protocol) {
    case 'https:':
    case 'http:':
      return { kind: 'Web', url: withSlash(text) };
    case 'file:':
      return { kind: 'File', url: withSlash(text) };
    case 's3:':
      return readBucket(url, field);
    case 'oci:':
      return readArtifact(url, field);
    case 'git+https:':
    case 'git+http:':
    case 'git+ssh:':
      return readBranch(url, field);
    default:
      throw invalid(
        field,
        text,
        'it begins with none of https://, s3://, oci://, git+https://, git+ssh:// and file://',
      );
  }
}

/** As files are asked for below it: those of the web end with a slash. */
export function spellChannelAddress(text: string): string {
  return /^(https?|file):/.test(text) ? withSlash(text) : text;
}

/** For people: without credentials, which no address may hold. */
export function formatChannelAddress(address: ChannelAddress): string {
  switch (address.kind) {
    case 'Web':
    case 'File':
      return address.url;
    case 'Bucket':
      return `s3://${[address.bucket, address.prefix].filter((part) => part !== '').join('/')} at ${address.endpoint}`;
    case 'Artifact':
      return `oci://${address.repository.registry}/${address.repository.path}:${address.tag}`;
    case 'Branch':
      return `branch ${address.branch} of ${address.url.text}`;
  }
}

function withSlash(text: string): string {
  return text.endsWith('/') ? text : `${text}/`;
}

function readBucket(url: URL, field: string): BucketAddress {
  const { endpoint, region = defaultRegion, ...rest } = queryOf(url, field);
  refuseUnknown(rest, field, 'endpoint and region');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) {
    throw invalid(field, url.href, `"${url.hostname}" is no name of a bucket`);
  }
  if (!/^[a-z0-9-]{1,64}$/.test(region)) {
    throw invalid(field, url.href, `"${region}" is no name of a region`);
  }
  const prefix = decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, '');
  if (!/^[A-Za-z0-9._/-]*$/.test(prefix)) {
    throw invalid(field, url.href, 'its path may have letters, digits, dots, dashes and slashes only');
  }
  return { kind: 'Bucket', endpoint: endpointOf(endpoint, { region, field }), region, bucket: url.hostname, prefix };
}

function endpointOf(text: string | undefined, { region, field }: { readonly region: string; readonly field: string }) {
  const url = URL.parse(text ?? `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`);
  const isPlain = url?.username === '' && url.password === '' && url.pathname === '/' && url.search === '';
  if (url === null || !isPlain || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(field, text ?? '', 'endpoint has to be an origin, for example https://minio.example.com');
  }
  return url.origin;
}

function readArtifact(url: URL, field: string): ArtifactAddress {
  const { tag = defaultTag, insecure = 'false', ...rest } = queryOf(url, field);
  refuseUnknown(rest, field, 'tag and insecure');
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag)) {
    throw invalid(field, url.href, `"${tag}" is no tag`);
  }
  const name = `${url.host}${url.pathname.replace(/\/+$/, '')}`;
  return { kind: 'Artifact', repository: parseRepository(name), tag, insecure: insecure === 'true' };
}

function readBranch(url: URL, field: string): BranchAddress {
  const { branch = defaultBranch, path = '', ...rest } = queryOf(url, field);
  refuseUnknown(rest, field, 'branch and path');
  if (!isRefName(branch)) {
    throw invalid(field, url.href, `"${branch}" is no name of a branch`);
  }
  const [where = ''] = url.href.slice('git+'.length).split('?');
  return { kind: 'Branch', url: parseGitUrl(where.replace(/\/+$/, '')), branch, path: parseTreePath(path, field) };
}

function queryOf(url: URL, field: string): Readonly<Record<string, string>> {
  if (url.password !== '' || (url.username !== '' && url.protocol !== 'git+ssh:') || url.hash !== '') {
    throw invalid(
      field,
      `${url.protocol}//${url.host}`,
      'credentials do not belong into an address; put them into a Secret',
    );
  }
  return Object.fromEntries(url.searchParams);
}

function refuseUnknown(rest: Readonly<Record<string, string>>, field: string, known: string): void {
  const [first] = Object.keys(rest);
  if (first !== undefined) {
    throw invalid(field, `?${first}=`, `it knows ${known} alone`);
  }
}

function invalid(field: string, text: string, problem: string): OperationError {
  const shown = text.replaceAll(/\/\/[^/@]*@/g, '//***@').slice(0, 256);
  return new OperationError(`${field}: "${shown}": ${problem}`, {
    code: 'REFERENCE_INVALID',
    retry: 'never',
    context: { field },
  });
}
