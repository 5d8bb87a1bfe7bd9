/** One version of a chart as an index.yaml has it. */
import { FAILSAFE_SCHEMA, load } from 'js-yaml';
import { isRecord } from '../failure.ts';

export interface IndexEntry {
  readonly version: string;
  /** `sha256:...` of the archive; undefined where the index does not tell. */
  readonly digest: string | undefined;
  /** Where the archive is, as written; relative to the index. */
  readonly url: string | undefined;
  readonly appVersion: string | undefined;
  readonly kubeVersion: string | undefined;
  readonly created: string | undefined;
  readonly deprecated: boolean;
}

/** What is read of an entry; all else is passed over. */
export const entryFields: ReadonlySet<string> = new Set([
  'version',
  'digest',
  'urls',
  'appVersion',
  'kubeVersion',
  'created',
  'deprecated',
]);

const versionPattern = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,127}$/;
const maxFieldLength = 512;
const maxUrlLength = 4_096;

/** Undefined for what has no usable version: Helm passes it over too. */
export function readYamlEntry(text: string): IndexEntry | undefined {
  try {
    // All scalars stay text, as they are written: 1.10 is no number here.
    return toEntry(load(text, { schema: FAILSAFE_SCHEMA }));
  } catch {
    return undefined;
  }
}

/** The same of an entry that is decoded already. */
export function toEntry(value: unknown): IndexEntry | undefined {
  const fields = isRecord(value) ? value : {};
  const { version } = fields;
  if (typeof version !== 'string' || !versionPattern.test(version)) {
    return undefined;
  }
  const urls: unknown = fields['urls'];
  const [url]: readonly unknown[] = Array.isArray(urls) ? urls : [];
  return {
    version,
    digest: toDigest(textOf(fields['digest'])),
    url: typeof url === 'string' && url.length <= maxUrlLength ? url : undefined,
    appVersion: textOf(fields['appVersion']),
    kubeVersion: textOf(fields['kubeVersion']),
    created: textOf(fields['created']),
    deprecated: String(fields['deprecated']) === 'true',
  };
}

/** Helm writes the hex digits alone. */
function toDigest(text: string | undefined): string | undefined {
  const [, hex] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(text ?? '') ?? [];
  return hex === undefined ? undefined : `sha256:${hex.toLowerCase()}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, maxFieldLength) : undefined;
}
