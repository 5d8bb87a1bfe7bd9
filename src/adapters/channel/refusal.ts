/** Says why nothing of a channel is taken. */
import { formatDuration } from '../../core/duration.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import { isMissing } from './outbound-fetcher.ts';

export interface Surroundings {
  readonly urls: readonly string[];
  /** Of a request, where one failed. */
  readonly failure: OperationError | undefined;
  readonly serverTime: Date | undefined;
  readonly now: Date;
}

/** Clocks of machines differ by seconds. */
const clockToleranceMs = 300_000;

/** @param error as tuf-js, its models or our own requests throw it */
export function describeRefusal(error: unknown, said: Surroundings): OperationError {
  if (isOperationError(error) && error.code.startsWith('CHANNEL_') && error.code !== 'CHANNEL_STORE_UNUSABLE') {
    return error;
  }
  const place = said.urls.map(hostOf).join(', ');
  const text = error instanceof Error ? error.message : String(error);
  if (/is expired/.test(text)) {
    return refusal('CHANNEL_EXPIRED', `look at the channel at ${place}: ${plain(text)}${sayClocks(said)}`, error);
  }
  if (said.failure !== undefined || isMissing(error) || isHttpFailure(error)) {
    const why = said.failure?.message ?? text;
    return refusal('CHANNEL_UNREACHABLE', `look at the channel at ${place}: ${why}`, said.failure ?? error);
  }
  return refusal('CHANNEL_UNTRUSTED', `look at the channel at ${place}: ${plain(text)}${sayClocks(said)}`, error);
}

function isHttpFailure(error: unknown): boolean {
  return error instanceof Error && ('statusCode' in error || / answers \d{3}$/.test(error.message));
}

/** Where this machine and the server do not agree on the time, it is the likely reason for much. */
function sayClocks({ serverTime, now }: Surroundings): string {
  const differenceMs = serverTime === undefined ? 0 : now.getTime() - serverTime.getTime();
  if (Math.abs(differenceMs) <= clockToleranceMs) {
    return '';
  }
  const how = differenceMs > 0 ? 'ahead of' : 'behind';
  return `; the clock of this machine is ${formatDuration(Math.abs(differenceMs))} ${how} that of the server`;
}

/** Without what tuf-js wraps around it. */
function plain(text: string): string {
  return text.replaceAll(/Unable to load (\w+) metadata error |Unable to load targets error |Error: /g, '');
}

function refusal(
  code: 'CHANNEL_EXPIRED' | 'CHANNEL_UNREACHABLE' | 'CHANNEL_UNTRUSTED',
  message: string,
  cause: unknown,
): OperationError {
  return new OperationError(message, { code, retry: 'backoff', cause });
}

function hostOf(url: string): string {
  const { host, protocol } = URL.parse(url) ?? {};
  return protocol === 'file:' ? url : (host ?? url);
}
