/** How much may be asked of a registry, as given on the command line: `HOST=pulls:100/6h,requests:600/1m,concurrency:4`. */
import type { HostLimits, LimitsByHost } from '../../adapters/registry/host-limits.ts';
import { parseDuration } from '../../core/duration.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';

const hostPattern = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?$/;
const greatest = { concurrency: 100, limit: 100_000 };
const example = 'write for example docker.io=pulls:100/6h,requests:600/1m,concurrency:4';

/** @throws USAGE naming the part that cannot be read */
export function parseRegistryLimits(texts: readonly string[]): LimitsByHost {
  return Object.fromEntries(texts.map(parseOne));
}

function parseOne(text: string): readonly [string, Partial<HostLimits>] {
  const [host = '', settings = ''] = splitAt(text, '=');
  if (!hostPattern.test(host) || settings === '') {
    throw unusable(text, 'is not HOST=LIMITS');
  }
  return [host, Object.assign({}, ...settings.split(',').map((part) => parseSetting(text, part)))];
}

function parseSetting(text: string, part: string): Partial<HostLimits> {
  const [name = '', value = ''] = splitAt(part, ':');
  switch (name) {
    case 'concurrency':
      return { concurrency: parseCount(text, value, greatest.concurrency) };
    case 'requests':
    case 'pulls': {
      const [count = '', period = ''] = splitAt(value, '/');
      return { [name]: { limit: parseCount(text, count, greatest.limit), periodMs: parsePeriod(text, period) } };
    }
    default:
      throw unusable(text, `has "${part}", which is none of pulls, requests and concurrency`);
  }
}

function parseCount(text: string, digits: string, max: number): number {
  const count = /^[0-9]{1,6}$/.test(digits) ? Number(digits) : 0;
  if (count < 1 || count > max) {
    throw unusable(text, `has "${digits}" for a number from 1 to ${max}`);
  }
  return count;
}

function parsePeriod(text: string, period: string): number {
  const dayMs = 24 * 3_600_000;
  try {
    const periodMs = parseDuration(period, 'period');
    if (periodMs >= 1_000 && periodMs <= dayMs) {
      return periodMs;
    }
  } catch (error) {
    if (!isOperationError(error)) {
      throw error;
    }
  }
  throw unusable(text, `has "${period}" for a period from 1s to 24h`);
}

function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function unusable(text: string, problem: string): OperationError {
  return new OperationError(`--registry-limit "${text}" ${problem}; ${example}`, { code: 'USAGE', retry: 'never' });
}
