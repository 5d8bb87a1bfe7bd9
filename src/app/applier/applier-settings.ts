/** Settings of `headgate apply` as box/kube-applier takes them from its environment. */
import { isAbsolute, resolve } from 'node:path';
import { OperationError } from '../../core/errors.ts';
import { type LogLevel, logLevels } from '../../telemetry/log-level.ts';

export interface ApplierSettings {
  /** Absolute. */
  readonly repositoryPath: string;
  /** Undefined: nothing is served. */
  readonly listenPort: number | undefined;
  readonly blacklistPath: string | undefined;
  readonly whitelistPath: string | undefined;
  readonly pollIntervalMs: number;
  readonly fullRunIntervalMs: number;
  readonly diffUrlFormat: string | undefined;
  readonly logLevel: LogLevel;
}

export const applierVariables = [
  'REPO_PATH',
  'LISTEN_PORT',
  'BLACKLIST_PATH',
  'WHITELIST_PATH',
  'POLL_INTERVAL_SECONDS',
  'FULL_RUN_INTERVAL_SECONDS',
  'DIFF_URL_FORMAT',
  'LOG_LEVEL',
] as const;

export type ApplierVariable = (typeof applierVariables)[number];

const defaultPollSeconds = 5;
const defaultFullRunSeconds = 300;
const largestPort = 65_535;
const longestIntervalSeconds = 30 * 24 * 3_600;

/**
 * Reads them; empty is unset, as there.
 *
 * @throws CONFIG_INVALID naming variable, value and what would be right
 */
export function readApplierSettings(
  environment: Readonly<Record<ApplierVariable, string | undefined>>,
): ApplierSettings {
  const text = (name: ApplierVariable) => environment[name] || undefined;
  const folder = text('REPO_PATH');
  if (folder === undefined) {
    throw invalid('REPO_PATH', 'is not set; give the folder of the repository');
  }
  const diffUrlFormat = text('DIFF_URL_FORMAT');
  if (diffUrlFormat !== undefined && !diffUrlFormat.includes('%s')) {
    throw invalid(
      'DIFF_URL_FORMAT',
      `"${diffUrlFormat}" has no %s for the commit, as https://host/org/repo/commit/%s has`,
    );
  }
  return {
    repositoryPath: resolve(folder),
    listenPort: whole(text('LISTEN_PORT'), 'LISTEN_PORT', { least: 0, most: largestPort }),
    blacklistPath: listPath(text('BLACKLIST_PATH'), folder),
    whitelistPath: listPath(text('WHITELIST_PATH'), folder),
    pollIntervalMs: seconds(text('POLL_INTERVAL_SECONDS'), 'POLL_INTERVAL_SECONDS', defaultPollSeconds),
    fullRunIntervalMs: seconds(text('FULL_RUN_INTERVAL_SECONDS'), 'FULL_RUN_INTERVAL_SECONDS', defaultFullRunSeconds),
    diffUrlFormat,
    logLevel: logLevelOf(text('LOG_LEVEL')),
  };
}

/** There it is the path of a mounted file; one that is relative is looked for in the repository. */
function listPath(path: string | undefined, folder: string): string | undefined {
  return path === undefined || isAbsolute(path) ? path : resolve(folder, path);
}

function seconds(text: string | undefined, name: ApplierVariable, otherwise: number): number {
  return (whole(text, name, { least: 1, most: longestIntervalSeconds }) ?? otherwise) * 1_000;
}

function whole(
  text: string | undefined,
  name: ApplierVariable,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw invalid(name, `"${text}" is no whole number from ${least} to ${most}`);
  }
  return value;
}

/** There it is the verbosity of kubectl, 0 to 10; here it may also be one of our own levels. */
function logLevelOf(text: string | undefined): LogLevel {
  const mostOfInfo = 3;
  if (text !== undefined && /^\d{1,2}$/.test(text)) {
    return Number(text) > mostOfInfo ? 'debug' : 'info';
  }
  const level = text?.toLowerCase() ?? 'info';
  const known = logLevels.find((one) => one === level);
  if (known === undefined) {
    throw invalid('LOG_LEVEL', `"${text}" is neither a number nor one of ${logLevels.join(', ')}`);
  }
  return known;
}

function invalid(name: ApplierVariable, problem: string): OperationError {
  const context = { variable: name };
  return new OperationError(`read the environment: ${name} ${problem}`, {
    code: 'CONFIG_INVALID',
    retry: 'never',
    context,
  });
}
