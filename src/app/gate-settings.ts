/** Gates that hold for all Apps, as given on the command line. */
import { load } from 'js-yaml';
import { describeError, isOperationError, OperationError } from '../core/errors.ts';
import type { GateDefaults } from '../engine/gates/look-at-gates.ts';
import { decoderOf } from '../resources/decode.ts';
import { decodeWindows } from '../resources/decode-gates.ts';
import { WindowSchema } from '../resources/gates.ts';

export interface GateSettings {
  /** Each a window as in an App, in YAML or JSON. */
  readonly windows: readonly string[];
  readonly maxUpdates: string | undefined;
  readonly maxUpdatesPerNamespace: string | undefined;
}

/** Nothing is asked of all Apps. */
export const noGateDefaults: GateDefaults = { windows: [], maxUpdates: undefined, maxUpdatesPerNamespace: undefined };

const decodeWindow = decoderOf(WindowSchema);
const most = 10_000;

/** @throws USAGE naming option, value and remedy */
export function parseGateSettings({ windows, maxUpdates, maxUpdatesPerNamespace }: GateSettings): GateDefaults {
  return {
    windows: windows.flatMap(parseWindow),
    maxUpdates: parseCount(maxUpdates, '--max-updates'),
    maxUpdatesPerNamespace: parseCount(maxUpdatesPerNamespace, '--max-updates-per-namespace'),
  };
}

function parseWindow(text: string) {
  try {
    return decodeWindows([decodeWindow(load(text), '--window')], '--window');
  } catch (error) {
    if (isOperationError(error, 'INVARIANT')) {
      throw error;
    }
    const example = `write for example '{kind: Allow, cron: "0 2 * * *", duration: 2h, timeZone: Europe/Amsterdam}'`;
    throw usage(`--window: "${text.slice(0, 256)}": ${describeError(error)}; ${example}`);
  }
}

function parseCount(text: string | undefined, option: string): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > most) {
    throw usage(`${option}: "${text.slice(0, 32)}" is no whole number from 1 to ${most}`);
  }
  return count;
}

function usage(message: string): OperationError {
  return new OperationError(message, { code: 'USAGE', retry: 'never' });
}
