/**
 * Loaded before a program (`node --import`): its wall clock is that of the machine plus the seconds in the file that `SOAK_CLOCK`
 * names, read at the start and at each SIGUSR2. Durations (performance.now, timers) go on as they are, as when the clock of a machine is set.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
let offsetMs = 0;

function readOffset(): void {
  offsetMs = Number(readFileSync(process.env['SOAK_CLOCK'] ?? '', 'utf8')) * 1_000;
}

readOffset();
process.on('SIGUSR2', readOffset);

const now = () => RealDate.now() + offsetMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, words, asked) => Reflect.construct(target, words.length === 0 ? [now()] : words, asked),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
