/** Whether the data on a volume is of a version that the new program takes. Pure. */
import { compilePattern } from '../policy/pattern.ts';
import { parseSemver } from '../version/semver.ts';
import { isInRange, parseSemverRange } from '../version/semver-range.ts';

/** What `accepts` says for one new version; a text for what is wrong with it. */
export function fillAccepts(accepts: string, version: string): string {
  const [, major = '', minor = ''] = /(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return accepts.replaceAll('{version}', version).replaceAll('{major}', major).replaceAll('{minor}', minor);
}

/**
 * Why the data does not do; undefined: it does. Data whose version cannot be read does not.
 *
 * @param found as the Job said it
 * @param wanted a semver range, or `/pattern/`
 */
export function judgeDataVersion(found: string, wanted: string): string | undefined {
  const text = found.trim();
  const shown = text.slice(0, 64);
  const [, pattern] = /^\/(.*)\/$/.exec(wanted) ?? [];
  if (pattern !== undefined) {
    return compilePattern(pattern, 'spec.gates.preflight.dataVersion.accepts').isWhole(text)
      ? undefined
      : `the data is of version "${shown}", and the new version takes ${wanted}`;
  }
  const range = parseSemverRange(wanted);
  const [, major, minor = '0', patch = '0'] = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?![\w.])/.exec(text) ?? [];
  const version = major === undefined ? undefined : parseSemver([major, minor, patch].map(Number).join('.'));
  if (range === undefined) {
    return `"${wanted}" is no semver range; correct spec.gates.preflight.dataVersion.accepts`;
  }
  if (version === undefined) {
    return `the version of the data cannot be read from "${shown}"`;
  }
  return isInRange(range, version) ? undefined : `the data is of version ${shown}, and the new version takes ${wanted}`;
}
