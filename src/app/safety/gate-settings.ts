/** Gates that hold for all Apps, as given on the command line. */
import { load } from 'js-yaml';
import { describeError, isOperationError, OperationError } from '../../core/errors.ts';
import type { GateDefaults } from '../../engine/gates/look-at-gates.ts';
import { decodeWindows } from '../../resources/app/decode-gates.ts';
import { decodeVeto } from '../../resources/app/decode-vetoes.ts';
import { WindowSchema } from '../../resources/app/gates.ts';
import { VetoSchema } from '../../resources/app/vetoes.ts';
import { decoderOf } from '../../resources/decode.ts';

export interface GateSettings {
  /** Each a window as in an App, in YAML or JSON. */
  readonly windows: readonly string[];
  /** Each a veto as in an App, in YAML or JSON. */
  readonly vetoes?: readonly string[];
  readonly maxUpdates: string | undefined;
  readonly maxUpdatesPerNamespace: string | undefined;
}

/** Nothing is asked of all Apps. */
export const noGateDefaults: GateDefaults = {
  windows: [],
  vetoes: [],
  maxUpdates: undefined,
  maxUpdatesPerNamespace: undefined,
};

const decodeWindow = decoderOf(WindowSchema);
const decodeVetoShape = decoderOf(VetoSchema);
const most = 10_000;

/** @throws USAGE naming option, value and remedy */
export function parseGateSettings({
  windows,
  vetoes = [],
  maxUpdates,
  maxUpdatesPerNamespace,
}: GateSettings): GateDefaults {
  return {
    windows: windows.flatMap(parseWindow),
    vetoes: vetoes.map(parseVeto),
    maxUpdates: parseCount(maxUpdates, '--max-updates'),
    maxUpdatesPerNamespace: parseCount(maxUpdatesPerNamespace, '--max-updates-per-namespace'),
  };
}

function parseWindow(text: string) {
  const example = `'{kind: Allow, cron: "0 2 * * *", duration: 2h, timeZone: Europe/Amsterdam}'`;
  return parse('--window', text, example, (value) => decodeWindows([decodeWindow(value, '--window')], '--window'));
}

function parseVeto(text: string) {
  const example = `'{name: school, http: {url: "https://busy.example.com/"}}'`;
  return parse('--veto', text, example, (value) => decodeVeto(decodeVetoShape(value, '--veto'), '--veto'));
}

function parse<T>(
  option: string,
  text: string,
  ...[example, decode]: readonly [example: string, decode: (value: unknown) => T]
): T {
  try {
    return decode(load(text));
  } catch (error) {
    if (isOperationError(error, 'INVARIANT')) {
      throw error;
    }
    throw usage(`${option}: "${text.slice(0, 256)}": ${describeError(error)}; write for example ${example}`);
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
