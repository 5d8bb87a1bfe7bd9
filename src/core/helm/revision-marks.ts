/**
 * The marks of a revision as labels of its Secret, so that a watch of metadata alone tells what runs.
 *
 * A label holds 63 characters, one too few for a SHA-256 in hex: digests are written in base64url behind a `d`.
 */
import type { RevisionMarks } from './release.ts';

const markLabels = {
  app: 'headgate.dev/app',
  update: 'headgate.dev/update',
  chartDigest: 'headgate.dev/chart-digest',
  chartVersion: 'headgate.dev/chart-version',
  settingsDigest: 'headgate.dev/settings-digest',
} as const;

/** Text that stands for "none": Helm keeps the labels of the revision before, unless each is written anew. */
const none = 'none';

const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The labels for `helm --labels`. A version that no label can hold is left out. */
export function encodeMarks(marks: RevisionMarks): Readonly<Record<string, string>> {
  const version = marks.chartVersion?.replaceAll('+', '_') ?? none;
  return {
    [markLabels.app]: shorten(marks.app),
    [markLabels.update]: shorten(marks.update),
    [markLabels.chartDigest]: marks.chartDigest === undefined ? none : encodeDigest(marks.chartDigest),
    [markLabels.chartVersion]: labelValue.test(version) ? version : none,
    [markLabels.settingsDigest]: encodeDigest(marks.settingsDigest),
  };
}

/** Undefined where the labels are not Headgate's. */
export function decodeMarks(labels: Readonly<Record<string, string>>): RevisionMarks | undefined {
  const app = labels[markLabels.app];
  const update = labels[markLabels.update];
  const settingsDigest = decodeDigest(labels[markLabels.settingsDigest]);
  if (app === undefined || update === undefined || settingsDigest === undefined) {
    return undefined;
  }
  const version = labels[markLabels.chartVersion];
  return {
    app,
    update,
    settingsDigest,
    chartDigest: decodeDigest(labels[markLabels.chartDigest]),
    chartVersion: version === undefined || version === none ? undefined : version.replaceAll('_', '+'),
  };
}

/** Whether a mark, perhaps shortened, stands for this name. */
export function marksName(mark: string, name: string): boolean {
  return mark === shorten(name);
}

/** Names of Apps and Updates may be longer than a label: the end tells Updates apart. */
function shorten(name: string): string {
  const longest = 63;
  return name.length <= longest ? name : name.slice(-longest).replace(/^[^A-Za-z0-9]+/, '');
}

function encodeDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, '');
  return `d${Buffer.from(hex, 'hex').toString('base64url')}`;
}

function decodeDigest(label: string | undefined): string | undefined {
  if (label === undefined || !/^d[-A-Za-z0-9_]{43}$/.test(label)) {
    return undefined;
  }
  return `sha256:${Buffer.from(label.slice(1), 'base64url').toString('hex')}`;
}
