/** What a provenance file of Helm says once its signature is found to be good (helm `pkg/provenance`). */
import { parseDocument } from 'yaml';
import { isRecord } from '../signature/record.ts';

export interface ProvenanceClaim {
  readonly name: string;
  readonly version: string;
  /** `sha256:<hex>` of each archive that it vouches for. */
  readonly digests: readonly string[];
}

/** Far more than a Chart.yaml and one line need. */
export const maxProvenanceBytes = 262_144;
/** Between the Chart.yaml and the digests of the files. */
const separator = '\n...\n';

/** Reads the text that was signed: a Chart.yaml, the separator, and `files:` with a digest each. A text says why it is none. */
export function readProvenance(text: string): ProvenanceClaim | string {
  const at = text.indexOf(separator);
  if (at < 0 || text.length > maxProvenanceBytes) {
    return 'the signed text is no provenance of a chart';
  }
  const chart = parse(text.slice(0, at));
  const files = parse(text.slice(at + separator.length))?.['files'];
  const [name, version] = [chart?.['name'], chart?.['version']];
  if (typeof name !== 'string' || typeof version !== 'string' || !isRecord(files)) {
    return 'the signed text is no provenance of a chart';
  }
  return { name, version, digests: Object.values(files).filter((digest) => typeof digest === 'string') };
}

/** Undefined when it vouches for this very archive of this chart; else why not. */
export function findProvenanceFault(
  { name, version, digests }: ProvenanceClaim,
  chart: { readonly name: string; readonly version: string; readonly archiveDigest: string },
): string | undefined {
  if (name !== chart.name || version !== chart.version) {
    return `its provenance is that of ${name.slice(0, 80)} ${version.slice(0, 80)}`;
  }
  return digests.includes(chart.archiveDigest) ? undefined : 'its provenance is that of another archive';
}

/** Foreign text: what cannot be read has no fields. */
function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  const document = parseDocument(text, { schema: 'core' });
  try {
    const value: unknown = document.errors.length === 0 ? document.toJS({ maxAliasCount: 0 }) : undefined;
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
