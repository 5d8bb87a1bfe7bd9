/** Each step of an Update, told to the log, to metrics and as an Event on the Update. */

import { updates } from '../adapters/cluster/kinds.ts';
import { describeError } from '../core/errors.ts';
import { isFinal, type Journal, stepStartedAt } from '../core/update/journal.ts';
import type { StepListener } from '../engine/ports/step-listener.ts';
import type { EventRecorder } from '../kube/events.ts';
import { apiVersionOf } from '../kube/objects.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { traceUpdate } from '../telemetry/trace-update.ts';

export interface StepListeners {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly events?: EventRecorder;
  readonly also?: StepListener;
}

/** One listener out of all. */
export function listenToSteps({ log, metrics, events, also }: StepListeners): StepListener {
  return {
    stepDone(update, step, journal) {
      const note = noteOf(journal);
      log.info('update step done', { update: nameOf(update), app: update.spec.app, step, phase: journal.phase, note });
      measure(metrics, journal);
      countVerdicts(metrics, journal, step);
      measureOutcome(metrics, update, journal);
      traceEnded(update, journal);
      if (step === 'Apply') {
        countAsKeel(metrics, update, journal);
      }
      events?.record({
        regarding: referenceTo(update),
        type: journal.failure === undefined ? 'Normal' : 'Warning',
        reason: journal.phase,
        action: step,
        note,
      });
      also?.stepDone(update, step, journal);
    },
    // The log has it from the controller; whoever looks at an Update that stands still sees it here.
    passFailed(update, error) {
      const { phase = 'Pending' } = update.status ?? {};
      const note = describeError(error);
      events?.record({ regarding: referenceTo(update), type: 'Warning', reason: 'PassFailed', action: phase, note });
      also?.passFailed?.(update, error);
    },
  };
}

function referenceTo({ metadata }: UpdateObjectWire) {
  return { apiVersion: apiVersionOf(updates), kind: updates.kind, metadata };
}

/** Keel counts what was set, whether it was good or not. */
function countAsKeel({ keel }: Metrics, { metadata, spec }: UpdateObjectWire, { plan }: Journal): void {
  const isVersioned = spec.changes.some(({ from, to }) => from.tag !== to.tag);
  if (plan?.kind === 'Workloads') {
    const names = plan.workloads.map(({ name }) => `${metadata.namespace}/${name}`);
    keel.countUpdate('Kubernetes', names, isVersioned);
  } else if (plan?.kind === 'Helm') {
    keel.countUpdate('Helm', [`${metadata.namespace}/${plan.release}`], isVersioned);
  }
}

function measure(metrics: Metrics, journal: Journal): void {
  const closed = journal.steps.findLast((step) => step.finishedAt !== undefined);
  if (closed?.finishedAt) {
    metrics.stepSeconds.observe(
      { step: closed.name },
      (closed.finishedAt.getTime() - closed.startedAt.getTime()) / 1_000,
    );
  }
  if (isFinal(journal.phase)) {
    metrics.updates.inc({ outcome: journal.phase });
  }
}

/** Each verdict once: when the tests are over, one way or the other. */
function countVerdicts({ outcomes }: Metrics, { failure, tests = [] }: Journal, step: string): void {
  if (step !== 'Condemn' && !(step === 'Finish' && failure === undefined)) {
    return;
  }
  for (const verdict of tests.flatMap((test) => test.verdict ?? [])) {
    outcomes.tests.inc({ verdict });
  }
}

function measureOutcome({ outcomes }: Metrics, { metadata, spec }: UpdateObjectWire, journal: Journal): void {
  const { phase, finishedAt } = journal;
  if (finishedAt === undefined || (phase !== 'Succeeded' && phase !== 'RolledBack' && phase !== 'Failed')) {
    return;
  }
  const result = phase === 'Succeeded' ? 'succeeded' : 'failed';
  outcomes.deployments.inc({ namespace: metadata.namespace, app: spec.app, result });
  const secondsSince = (from: Date) => Math.max(0, finishedAt.getTime() - from.getTime()) / 1_000;
  const backAt = stepStartedAt(journal, 'RollBack');
  if (phase === 'Succeeded') {
    outcomes.leadTime.observe(secondsSince(new Date(metadata.creationTimestamp ?? journal.startedAt)));
  } else if (phase === 'RolledBack' && backAt !== undefined) {
    outcomes.restoreTime.observe(secondsSince(backAt));
  }
}

function traceEnded({ metadata, spec }: UpdateObjectWire, journal: Journal): void {
  const { phase, startedAt, finishedAt, failure, steps } = journal;
  if (finishedAt !== undefined) {
    const names = { namespace: metadata.namespace, app: spec.app, update: metadata.name };
    traceUpdate({ ...names, phase, startedAt, finishedAt, failure: failure?.message, steps });
  }
}

function noteOf(journal: Journal): string {
  return (
    journal.failure?.message ?? journal.steps.findLast((step) => step.message !== undefined)?.message ?? journal.phase
  );
}

function nameOf(update: UpdateObjectWire): string {
  return `${update.metadata.namespace}/${update.metadata.name}`;
}
