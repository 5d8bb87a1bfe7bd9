/** What `helm test --logs` prints: how the release stands, how each test ended, and then what the pods of the tests wrote. */

const firstPodLog = /^POD LOGS: /m;

/** Whether Helm printed what pods wrote. */
export function hasPodLogs(printed: string): boolean {
  return firstPodLog.test(printed);
}

/**
 * Helm ends with an error too where the tests passed and it could not get what their pods wrote (no right to `pods/log`, a test that is no
 * pod). Then, and only where Helm printed of every test that it succeeded, this is what it said of the log.
 */
export function problemOfLogs({
  said,
  printed,
}: {
  readonly said: string;
  readonly printed: string;
}): string | undefined {
  // An error of the tests comes first where there is one.
  const problem =
    /^Error: (unable to (?:get|write) pod logs for [\s\S]*|unable to get kubernetes client to [\s\S]*)$/m.exec(
      said,
    )?.[1];
  const phases = [...beforeLogs(printed).matchAll(/^Phase: +(\S+)$/gm)].map(([, phase]) => phase);
  return phases.length > 0 && phases.every((phase) => phase === 'Succeeded') ? problem : undefined;
}

/** A pod can write whatever it likes. */
function beforeLogs(printed: string): string {
  const at = printed.search(firstPodLog);
  return at === -1 ? printed : printed.slice(0, at);
}
