/** What was measured of the way back, and the lines of the page that show it. */

/** Of the Deployment: whether the bad pod goes before the former comes. */
export const strategies = ['RollingUpdate', 'Recreate'] as const;

export type Strategy = (typeof strategies)[number];

export interface WayBack {
  readonly strategy: Strategy;
  /** From the verdict to the workload being as it was. */
  readonly untilSetBackMs: number;
  /** From the verdict to the pod of the former version. */
  readonly untilPodMs: number;
  /** From there to it being ready: its image, its process, its probe. */
  readonly podStartMs: number;
}

/** From the verdict to the pod of the former version, where nothing has to go before it. */
export const wayBackGoalMs = 2_000;

export function wayBackLines(runs: readonly WayBack[]): readonly string[] {
  if (runs.length === 0) {
    return [];
  }
  const most = (of: Exclude<keyof WayBack, 'strategy'>, ...among: readonly Strategy[]) => {
    const values = runs.filter(({ strategy }) => among.includes(strategy)).map((run) => run[of]);
    return `${(Math.max(...values) / 1_000).toFixed(1)} s`;
  };
  return [
    `Where nothing breaks, and no data has to come back, of ${runs.length} Updates whose version fails its test: from the verdict to the workload being as it was at most`,
    `${most('untilSetBackMs', ...strategies)}, and to the pod of the former version at most ${most('untilPodMs', 'RollingUpdate')} (goal: ${wayBackGoalMs / 1_000} s); its own start took up to ${most('podStartMs', ...strategies)} more. Where the Deployment stops before it`,
    `starts (\`Recreate\`), the bad pod goes first, in the time that it takes to end: at most ${most('untilPodMs', 'Recreate')} to the pod of the former version.`,
    '',
  ];
}
