import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const reportSchema = Type.Object({
  numPassedTests: Type.Optional(Type.Number()),
  numFailedTests: Type.Optional(Type.Number()),
  testResults: Type.Optional(
    Type.Array(
      Type.Object({
        assertionResults: Type.Array(
          Type.Object({
            fullName: Type.String(),
            status: Type.String(),
            // Of a test that passed: those of the tries before.
            failureMessages: Type.Optional(Type.Array(Type.String())),
          }),
        ),
      }),
    ),
  ),
});

/** @param text what vitest's reporter `json` wrote; `{}` where it wrote nothing */
export function readReport(text: string): { readonly counts: Counts; readonly unsteady: readonly string[] } {
  const report: Static<typeof reportSchema> = Value.Parse(reportSchema, JSON.parse(text));
  const tests = (report.testResults ?? []).flatMap(({ assertionResults }) => assertionResults);
  return {
    counts: { passed: report.numPassedTests ?? 0, failed: report.numFailedTests ?? 0 },
    unsteady: tests.flatMap(({ fullName, status, failureMessages = [] }) => {
      const [first = ''] = failureMessages.flatMap((message) => message.split('\n'));
      return status === 'passed' && failureMessages.length > 0 ? [`${fullName}: ${first}`] : [];
    }),
  };
}
