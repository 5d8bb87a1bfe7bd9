/** A file of health checks that a command is given. */
import { load, YAMLException } from 'js-yaml';
import { createTimeLimit } from '../../adapters/cel/time-limit.ts';
import { isOperationError } from '../../core/errors.ts';
import type { HealthChecks } from '../../core/health/objects/health-checks.ts';
import { decodeHealthCheckFile } from '../../resources/app/health-check.ts';
import { describeFile, readTextFile, unusableFile } from './read-text-file.ts';

const largestBytes = 2 ** 20;

/**
 * Reads checks from YAML or JSON: a list of them, an App (spec.health.checks), or a Kustomization or HelmRelease of Flux
 * (spec.healthCheckExprs).
 *
 * @throws USAGE when it cannot be read, is larger than 1 MiB, or a check in it cannot be used
 */
export async function readHealthChecks(path: string, signal: AbortSignal): Promise<HealthChecks> {
  const source = describeFile(path);
  const text = await readTextFile(path, largestBytes, signal);
  try {
    const content: unknown = load(text, { maxDepth: 50, maxAliases: 100 });
    return { checks: decodeHealthCheckFile(content, source), limit: createTimeLimit() };
  } catch (error) {
    if (error instanceof YAMLException || isOperationError(error, 'OBJECT_INVALID')) {
      throw unusableFile(source, error.message, error);
    }
    throw error;
  }
}
