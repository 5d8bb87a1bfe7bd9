import { expect, test } from 'vitest';
import { containerChange, pod, podContainer, rollout, workload } from '../../../test/fixtures.ts';
import type { ContainerChange } from '../deploy/workloads-plan.ts';
import type { UpdatePhase } from '../update/journal.ts';
import type { Pod, PodContainer, Workload } from '../workload/workload.ts';
import { findBlockingPods } from './blocking-pods.ts';

const store = workload({ kind: 'StatefulSet' });
const going = containerChange({ before: 'web:1', after: 'web:2', restore: 'web:1' });
/** Takes over from web:2, which never proved itself. */
const over = containerChange({ before: 'web:2', after: 'web:3', restore: 'web:1' });

const unready = (image: string, fields: Partial<PodContainer> = {}): Pod =>
  pod({ containers: [podContainer({ image, ready: false, ...fields })] });

test.each<
  [string, boolean, { phase: UpdatePhase; change?: ContainerChange; leavesUnproven?: boolean; one: Pod; of?: Workload }]
>([
  ['the bad version after going back', true, { phase: 'VerifyingRollback', one: unready('web:2') }],
  [
    'the same, ready',
    false,
    { phase: 'VerifyingRollback', one: pod({ containers: [podContainer({ image: 'web:2' })] }) },
  ],
  ['the same, on its way out', false, { phase: 'VerifyingRollback', one: { ...unready('web:2'), deleting: true } }],
  ['the version that comes back', false, { phase: 'VerifyingRollback', one: unready('web:1') }],
  ['an image of somebody else', false, { phase: 'VerifyingRollback', one: unready('web:9') }],
  ['the new version while it is tried', false, { phase: 'Watching', one: unready('web:2') }],
  ['the proven version while a new one is tried', false, { phase: 'Watching', one: unready('web:1') }],
  ['a superseded version', true, { phase: 'Watching', change: over, leavesUnproven: true, one: unready('web:2') }],
  ['its successor', false, { phase: 'Watching', change: over, leavesUnproven: true, one: unready('web:3') }],
  [
    'a superseded version when its successor went back as well',
    true,
    { phase: 'VerifyingRollback', change: over, leavesUnproven: true, one: unready('web:2') },
  ],
  [
    'a container of the same name that is an init container',
    false,
    { phase: 'VerifyingRollback', one: unready('web:2', { init: true }) },
  ],
  [
    'a template that its controller has not seen',
    false,
    {
      phase: 'VerifyingRollback',
      one: unready('web:2'),
      of: { ...store, rollout: rollout({ observedGeneration: 0 }) },
    },
  ],
  [
    'update strategy OnDelete',
    false,
    { phase: 'VerifyingRollback', one: unready('web:2'), of: { ...store, rollout: rollout({ replacesPods: false }) } },
  ],
  ['a Deployment', false, { phase: 'VerifyingRollback', one: unready('web:2'), of: workload() }],
])('%s blocks: %s', (_, blocks, { phase, change = going, leavesUnproven = false, one, of = store }) => {
  const found = findBlockingPods(of, [one], { phase, leavesUnproven, containers: [change] });

  expect(found).toEqual(blocks ? [one] : []);
});
