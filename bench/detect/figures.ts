/** What a bench prints: lines for people while it goes on, and JSON at the end. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: number;
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
    const isMet = better === 'lower' ? value <= goal : value >= goal;
    const limit = `${better === 'lower' ? 'at most' : 'at least'} ${goal} ${unit}`;
    say(`${isMet ? 'met ' : 'MISS'}  ${name.padEnd(76)} ${`${value} ${unit}`.padStart(16)}   ${limit}`);
  }
}
