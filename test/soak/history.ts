/**
 * What must stay true of Headgate whatever befalls it, judged from the history that an API server kept.
 *
 * Resource versions order all writes of one cluster, so that objects of different kinds, which come by watches of their own,
 * are put in the order in which they were written.
 */
import { compare } from 'semver';
import { isFinal, type UpdatePhase } from '../../src/core/update/journal.ts';

interface Written {
  /** Its resourceVersion. */
  readonly at: bigint;
  readonly app: string;
}

export interface ImageSight extends Written {
  readonly kind: 'image';
  readonly workload: string;
  readonly tag: string;
  readonly digest: string;
}

export interface UpdateSight extends Written {
  readonly kind: 'update';
  readonly name: string;
  readonly sequence: number;
  readonly phase: UpdatePhase;
  /** Digest that it moves to. */
  readonly to: string;
  readonly hasEnd: boolean;
  /** Steps of its record without a result. */
  readonly openSteps: readonly string[];
}

export interface RejectionSight extends Written {
  readonly kind: 'rejection';
  readonly digest: string;
}

export interface AppSight extends Written {
  readonly kind: 'app';
  /** Undefined before its first status. */
  readonly ready: string | undefined;
  readonly waitsFor: string | undefined;
}

export type Sight = ImageSight | UpdateSight | RejectionSight | AppSight;

interface World {
  readonly images: Map<string, ImageSight>;
  readonly updates: Map<string, UpdateSight>;
  readonly rejected: Set<string>;
}

/** One sentence for each thing that must not be; in the order of the history. */
export function violationsIn(sights: readonly Sight[]): readonly string[] {
  const world: World = { images: new Map(), updates: new Map(), rejected: new Set() };
  const ordered = sights.toSorted((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
  return ordered.flatMap((sight) => judge(world, sight).map((text) => `at ${sight.at}: ${text}`));
}

function judge(world: World, sight: Sight): readonly string[] {
  switch (sight.kind) {
    case 'rejection':
      world.rejected.add(`${sight.app} ${sight.digest}`);
      return [];
    case 'image':
      return judgeImage(world, sight);
    case 'update':
      return judgeUpdate(world, sight);
    case 'app':
      return sight.ready !== undefined && sight.ready !== 'True' && sight.waitsFor === undefined
        ? [`App ${sight.app} is not ready and does not say what it waits for`]
        : [];
  }
}

function judgeImage(world: World, sight: ImageSight): readonly string[] {
  const { app, workload, tag, digest } = sight;
  const before = world.images.get(workload);
  world.images.set(workload, sight);
  if (before === undefined || (before.tag === tag && before.digest === digest)) {
    return [];
  }
  const change = `${workload} went from ${before.tag} to ${tag}`;
  const found: string[] = [];
  if (world.rejected.has(`${app} ${digest}`)) {
    found.push(`${change}, which is rejected`);
  }
  const [active] = activeIn(world, app);
  if (active === undefined) {
    return [...found, `${change} without an Update under way`];
  }
  const isBack = compare(tag, before.tag) < 0;
  if (isBack && active.phase !== 'RollingBack') {
    found.push(`${change}, a downgrade, while ${active.name} was ${active.phase}`);
  }
  if (!isBack && (active.phase !== 'Applying' || active.to !== digest)) {
    found.push(`${change} while ${active.name} was ${active.phase} to ${active.to}`);
  }
  return found;
}

function judgeUpdate(world: World, sight: UpdateSight): readonly string[] {
  const { app, name, phase } = sight;
  const before = world.updates.get(name);
  const others = activeIn(world, app).filter((other) => other.name !== name);
  const last = Math.max(0, ...ofApp(world, app).map(({ sequence }) => sequence));
  world.updates.set(name, sight);
  const found: string[] = [];
  if (before === undefined && sight.sequence !== last + 1) {
    found.push(`${name} follows number ${last} of ${app}: an Update is lost, or was made twice`);
  }
  if (before !== undefined && isFinal(before.phase) && before.phase !== phase) {
    found.push(`${name} had ended ${before.phase} and is ${phase}`);
  }
  if (!isFinal(phase)) {
    return [...found, ...others.map((other) => `${name} is under way together with ${other.name}`)];
  }
  if (!sight.hasEnd || sight.openSteps.length > 0) {
    found.push(`the record of ${name} (${phase}) is not complete: ${sight.openSteps.join(', ') || 'it has no end'}`);
  }
  return before !== undefined && isFinal(before.phase) ? found : [...found, ...judgeEnd(world, sight)];
}

/** All workloads of an App are at the new version or at one former. */
function judgeEnd({ images }: World, { app, name, phase, to }: UpdateSight): readonly string[] {
  const digests = new Set([...images.values()].filter((image) => image.app === app).map(({ digest }) => digest));
  if (phase === 'Succeeded' && (digests.size !== 1 || !digests.has(to))) {
    return [`${name} succeeded, and ${app} is not all new`];
  }
  if (phase === 'RolledBack' && (digests.size !== 1 || digests.has(to))) {
    return [`${name} was rolled back, and ${app} is not all old`];
  }
  return [];
}

function ofApp({ updates }: World, app: string): readonly UpdateSight[] {
  return [...updates.values()].filter((update) => update.app === app);
}

function activeIn(world: World, app: string): readonly UpdateSight[] {
  return ofApp(world, app).filter(({ phase }) => !isFinal(phase));
}
