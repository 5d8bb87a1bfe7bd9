/**
 * Which repositories an entry of a pull secret is for, by the rules of the kubelet (k8s.io/kubernetes/pkg/credentialprovider,
 * keyring.go), so that Headgate can read whatever the nodes can pull.
 */
import { formatRepository, type Repository } from '../../core/image/reference.ts';

/** Names under which Docker Hub is written down. */
const hubPlaces: ReadonlySet<string> = new Set(['index.docker.io', 'registry-1.docker.io']);

/** Without scheme and without the version of the API: `https://index.docker.io/v1/` is `index.docker.io`. */
export function normalisePlace(written: string): string {
  const place = written.replace(/^https?:\/\//, '');
  const slash = place.indexOf('/');
  if (slash < 0) {
    return place;
  }
  const path = place.slice(slash).replace(/^\/v[12](?=\/|$)/, '');
  return path === '' || path === '/' ? place.slice(0, slash) : place.slice(0, slash) + path;
}

/** The kubelet's order: places sorted backwards, by which `ghcr.io/org` is before `ghcr.io` and a name before a wildcard. */
export function comparePlaces(left: string, right: string): number {
  return left === right ? 0 : left < right ? 1 : -1;
}

/** Whether the place (normalised) is that of the repository's registry alone: no wildcard, no path. */
export function isHostOf(place: string, { registry }: Repository): boolean {
  return place === registry || (registry === 'docker.io' && hubPlaces.has(place));
}

/** Whether credentials for the place (normalised; wildcards in its host's labels, a path) are good for the repository. */
export function fitsPlace(place: string, repository: Repository): boolean {
  if (repository.registry === 'docker.io' && hubPlaces.has(place)) {
    return true;
  }
  const slash = place.indexOf('/');
  const host = slash < 0 ? place : place.slice(0, slash);
  const path = slash < 0 ? '' : place.slice(slash);
  const target = formatRepository(repository);
  return hostFits(host, repository.registry) && target.slice(repository.registry.length).startsWith(path);
}

/** Ports must be equal; labels are compared one by one, so that a wildcard never reaches over a dot. */
function hostFits(pattern: string, host: string): boolean {
  const [patternName = '', patternPort] = splitPort(pattern);
  const [name = '', port] = splitPort(host);
  const patternLabels = patternName.split('.');
  const labels = name.split('.');
  return (
    patternPort === port &&
    patternLabels.length === labels.length &&
    patternLabels.every((label, index) => labelFits(label, labels[index] ?? ''))
  );
}

function splitPort(host: string): readonly string[] {
  const [, name = host, port] = /^(.*):([0-9]+)$/.exec(host) ?? [];
  return port === undefined ? [name] : [name, port];
}

/** `*` stands for any text, `?` for one character. Goes back to the last star only, so it takes at most the product of the lengths. */
function labelFits(pattern: string, label: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < label.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern;
      afterStar = at;
      inPattern += 1;
    } else if (wanted === '?' || wanted === label[at]) {
      inPattern += 1;
      at += 1;
    } else if (star >= 0) {
      afterStar += 1;
      at = afterStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(inPattern));
}
