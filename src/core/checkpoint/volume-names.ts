/** Names of what is made beside the claims of an App when its volumes are kept and brought back. */
import { createHash } from 'node:crypto';

/** Kubernetes takes 253 characters for all of these. */
const longestName = 253;
const hashLength = 10;
/** A value of a label. */
const longestLabel = 63;

interface Owner {
  readonly name: string;
  readonly uid: string;
}

/** The snapshot of a claim for a checkpoint of this Update; another Update of the same name has another. */
export function snapshotNameOf(update: Owner, claim: string): string {
  return named(claim, update.name, update.uid);
}

/** The claim that holds the new volume until it takes the place of the broken one. */
export function newClaimNameOf(claim: string, snapshot: string): string {
  return named(claim, 'new', snapshot);
}

/** The claim under which the broken volume is kept; one for each Update that brings data back. */
export function brokenClaimNameOf(update: Owner, claim: string): string {
  return named(claim, `broken-${update.name}`, update.uid);
}

/**
 * A Backup or Restore of Velero. Velero puts it into labels, where 63 characters are the most; beyond those it would be known by a hash.
 *
 * @param what tells apart those of one Update
 */
export function veleroNameOf(update: Owner & { readonly namespace: string }, what: string): string {
  const text = `headgate-${update.namespace}-${update.name}`;
  const hash = createHash('sha256').update(`${update.uid}\0${what}`).digest('hex').slice(0, hashLength);
  const room = longestLabel - hashLength - what.length - 2;
  return `${text.slice(0, room).replace(/[-.]+$/, '')}-${what}-${hash}`;
}

/** The hash tells apart what would be cut to the same name, and what another object of the same name made. */
function named(claim: string, what: string, key: string): string {
  const hash = createHash('sha256').update(`${key}\0${claim}\0${what}`).digest('hex').slice(0, hashLength);
  const room = longestName - hashLength - 2;
  const text = `${claim.slice(0, room / 2)}-${what}`;
  return `${text.slice(0, room).replace(/[-.]+$/, '')}-${hash}`;
}
