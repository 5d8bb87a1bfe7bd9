import type { RunOnceReport } from '../app/run-once.ts';
import { parseDuration } from '../core/duration.ts';
import { isOperationError } from '../core/errors.ts';
import { adoptionOf, adoptionOptions } from './adoption-options.ts';
import { appRows, appTableHeading } from './apps.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  type Options,
  outputOption,
  programOptions,
  usageError,
} from './command.ts';
import { logLevelOf, logLevelOption, programsOf, sourceFolderOption, watchNamespaceOption } from './controller.ts';
import { registryOptions, registrySettingsOf } from './registry-options.ts';
import { formatJson, formatTable } from './table.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'Make one whole pass over all Apps and end; for a cron job on a host.',
  arguments: [],
  options: [
    { flags: '--once', description: 'one pass; required, so that nobody expects a service' },
    ...connectionOptions,
    ...programOptions,
    watchNamespaceOption,
    ...adoptionOptions,
    { flags: '--timeout <duration>', description: 'longest time for the whole pass', default: '1h' },
    ...registryOptions,
    sourceFolderOption,
    outputOption,
    { ...logLevelOption, default: 'warn' },
  ],
  async run({ options, print, signal }) {
    if (!options.flag('once')) {
      throw usageError('run: give --once for one pass, or use the command "controller" to go on for ever');
    }
    const { runOnce } = await import('../app/run-once.ts');
    const report = await runOnce(
      {
        ...connectionOf(options),
        programs: await programsOf(options),
        namespaces: options.list('namespace'),
        ...registrySettingsOf(options),
        sourceFolder: options.text('sourceFolder'),
        timeoutMs: timeoutOf(options),
        adoption: adoptionOf(options),
        logLevel: logLevelOf(options),
      },
      signal,
    );
    print(options.text('output') === 'json' ? formatJson(report) : formatTable(appTableHeading, appRows(report.apps)));
    return exitCodeOf(report);
  },
};

/** Bounded as the machine's timers are, and as a job that is started again and again should be. */
function timeoutOf(options: Options): number {
  const text = options.given('timeout');
  try {
    const timeoutMs = parseDuration(text, '--timeout');
    if (timeoutMs >= 1_000 && timeoutMs <= longestTimeoutMs) {
      return timeoutMs;
    }
  } catch (error) {
    throw isOperationError(error, 'OBJECT_INVALID') ? usageError(error.message) : error;
  }
  throw usageError(`--timeout: "${text}" is not between 1s and 24h`);
}

const longestTimeoutMs = 24 * 3_600_000;

const troubles: ReadonlySet<string> = new Set([
  'InvalidSpec',
  'TargetNotFound',
  'TargetConflict',
  'RegistryUnavailable',
  'RateLimited',
  'PreviousAttemptFailed',
]);

/** 3 goes before 1: a person has to come anyway. */
function exitCodeOf(report: RunOnceReport): ExitCode {
  const reasons = report.apps.map((app) => app.status?.waiting?.reason ?? '');
  if (reasons.includes('Person')) {
    return 3;
  }
  const failed = report.updates.some(
    (update) => update.status?.phase === 'RolledBack' || update.status?.phase === 'Failed',
  );
  return failed || report.timedOut || reasons.some((reason) => troubles.has(reason)) ? 1 : 0;
}
