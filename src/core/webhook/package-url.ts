import { type AnnouncedImage, announcedImage, announcedPath, invalidWebhook } from './announcement.ts';

const form = /^pkg:(?<type>[^/@?#]+)\/(?<name>[^@?#]+)(?:@(?<version>[^?#]*))?(?:\?(?<qualifiers>[^#]*))?(?:#.*)?$/;

/**
 * The image that a package URL of type `oci` or `docker` names (github.com/package-url/purl-spec); undefined for other types.
 *
 * `oci` has the last part of the path as name and the whole repository in `repository_url`; `docker` has the path as name
 * and the registry in `repository_url`, Docker Hub when absent.
 *
 * @throws WEBHOOK_INVALID, REFERENCE_INVALID
 */
export function imageOfPackageUrl(url: string): AnnouncedImage | undefined {
  const { type, name = '', version, qualifiers = '' } = form.exec(url)?.groups ?? {};
  if (type === undefined) {
    throw invalidWebhook('subject.id is not a package URL');
  }
  const path = decode(name);
  const given = new URLSearchParams(qualifiers);
  const repository = (given.get('repository_url') ?? '').replace(/^[a-z]+:\/\//, '').replace(/\/$/, '');
  const pushed = { ...versionOf(version), ...(given.get('tag') ? { tag: given.get('tag') ?? undefined } : {}) };
  if (type === 'docker') {
    return announcedImage(`${repository === '' ? 'docker.io' : repository}/${path}`, pushed);
  }
  if (type !== 'oci') {
    return undefined;
  }
  if (repository === '') {
    return announcedPath(path, pushed);
  }
  return announcedImage(repository.endsWith(`/${path}`) ? repository : `${repository}/${path}`, pushed);
}

function versionOf(version: string | undefined): { tag?: string; digest?: string } {
  const text = version === undefined ? undefined : decode(version);
  if (text === undefined || text === '') {
    return {};
  }
  return text.includes(':') ? { digest: text } : { tag: text };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidWebhook('subject.id is not a package URL');
  }
}
