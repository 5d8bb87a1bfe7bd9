/** Whether a version of a chart has the provenance that its source asks for. */
import type { ChartSource } from '../../core/app/sources.ts';
import type { ChartPlace, Charts } from '../ports/charts.ts';
import type { ProvenanceVerifier, SignatureTrusts } from '../ports/signatures.ts';
import type { Obstacle } from './finding.ts';
import type { ShelfVersion } from './shelf.ts';

export interface ProvenanceContext {
  readonly charts: Charts;
  readonly provenances: ProvenanceVerifier;
  readonly trusts: SignatureTrusts;
}

export interface ProvenanceQuestion {
  readonly namespace: string;
  readonly place: ChartPlace;
  readonly source: ChartSource;
}

/** @throws SECRET_NOT_FOUND, SECRET_INVALID, CONFIG_INVALID and errors of the repository: nothing is known then, in either way */
export async function judgeProvenance(
  { charts, provenances, trusts }: ProvenanceContext,
  { namespace, place, source }: ProvenanceQuestion,
  { tag, digest }: ShelfVersion,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  if (source.provenance === undefined) {
    return undefined;
  }
  const where = { namespace, secret: source.provenance.keyring, field: 'provenance.keyringSecretRef' };
  try {
    const keyring = await trusts.keysOf(where, signal);
    const found = await charts.findProvenance(place, { version: tag, digest }, signal);
    if (found === undefined) {
      return unverified(tag, 'it has no provenance file (helm package --sign)');
    }
    const { content, archiveDigest } = found;
    const chart = { name: nameOf(place), version: tag, archiveDigest };
    const verdict = await provenances.verify({ provenance: content, chart, keyring }, signal);
    return verdict.kind === 'Verified' ? undefined : unverified(tag, verdict.reason);
  } catch (error) {
    // What is mended next may be the Secret.
    trusts.forgetKeys(where);
    throw error;
  }
}

/** In a registry a chart has the name of the last part of its path (Helm, HIP 6). */
function nameOf({ location }: ChartPlace): string {
  return location.kind === 'Index' ? location.chart : (location.repository.path.split('/').at(-1) ?? '');
}

function unverified(tag: string, reason: string): Obstacle {
  return { kind: 'Unverified', tag, message: `is not verified: ${reason}` };
}
