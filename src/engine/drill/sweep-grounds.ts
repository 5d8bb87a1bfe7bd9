/** What is left of drills whose App is gone, or that nobody goes on with. */
import { isUnderWay } from '../../core/drill/drill.ts';
import { isOperationError } from '../../core/errors.ts';
import { drillOf } from '../../resources/checkpoint/drill-codec.ts';
import type { Ground } from '../ports/drill-ground.ts';
import type { DrillContext } from './drill-context.ts';

interface Key {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Takes it away. A Headgate that may not make namespaces has none.
 *
 * @param isOf whose are looked at
 * @returns how many are left because their drill is under way, or because they are kept
 */
export async function sweepGrounds(
  context: DrillContext,
  isOf: (app: Key) => boolean,
  signal: AbortSignal,
): Promise<number> {
  const grounds = (await listGrounds(context, signal)).filter(({ app }) => isOf(app));
  let left = 0;
  for (const ground of grounds) {
    if (await isWanted(context, ground, signal)) {
      left += 1;
    } else {
      await context.ground.remove(ground.namespace, signal);
    }
  }
  return left;
}

/** Not by the watched copy: a drill is written down before its namespace is made, and may be newer than the copy. */
async function isWanted(
  { records, clock }: DrillContext,
  { app: { namespace, name }, namespace: own, expiresAt }: Ground,
  signal: AbortSignal,
): Promise<boolean> {
  const app = await records.readApp(namespace, name, signal);
  const drill = app && drillOf(app);
  if (drill?.namespace !== own) {
    return false;
  }
  return isUnderWay(drill) || (drill.keep && clock.now() < expiresAt);
}

async function listGrounds({ ground }: DrillContext, signal: AbortSignal): Promise<readonly Ground[]> {
  try {
    return await ground.list(signal);
  } catch (error) {
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return [];
    }
    throw error;
  }
}
