/** What a bench prints: lines for people while it goes on, and JSON at the end. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Absent where the figure is only told. */
  readonly goal?: number;
  readonly better: 'lower' | 'higher';
}

export function say(text: string): void {
  console.log(text);
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export function mebibytes(bytes: number): number {
  return round(bytes / 1_024 / 1_024);
}

export function sayFigures(figures: readonly Figure[]): void {
  for (const { name, value, unit, goal, better } of figures) {
    const line = `${name.padEnd(76)} ${`${value} ${unit}`.padStart(16)}`;
    if (goal === undefined) {
      say(`      ${line}`);
      continue;
    }
    const isMet = better === 'lower' ? value <= goal : value >= goal;
    say(`${isMet ? 'met ' : 'MISS'}  ${line}   ${better === 'lower' ? 'at most' : 'at least'} ${goal} ${unit}`);
  }
}
