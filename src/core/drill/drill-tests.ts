/** Which tests of an App say something about a copy of it, and as what they are run. */
import type { AppTest, RunnableTest } from '../app-test/app-test.ts';
import { type Fields, fieldAt, isFields } from '../health/objects/fields.ts';

export interface DrillTests {
  readonly tests: readonly RunnableTest[];
  /** Those that would ask the App itself, or somebody who knows only that; each with why. */
  readonly skipped: readonly string[];
}

/** A test whose address does not follow from the namespace asks the App itself. */
const namespaceField = /\{\{\s*namespace\s*\}\}/;

export function testsOfDrill(tests: readonly AppTest[]): DrillTests {
  const chosen: RunnableTest[] = [];
  const skipped: string[] = [];
  for (const test of tests) {
    const { probe } = test;
    if (probe.kind === 'Job') {
      // Accounts of the App's namespace have no rights in another one.
      chosen.push({ ...test, probe: { ...probe, serviceAccount: undefined } });
    } else if (probe.kind === 'Http' && (probe.target.kind === 'Service' || namespaceField.test(probe.target.url))) {
      chosen.push({ ...test, probe });
    } else {
      skipped.push(`test ${test.name} is left out: ${whyNot(probe.kind)}`);
    }
  }
  return { tests: chosen, skipped };
}

/** The pod template of a Job's template. */
export function podTemplateOf(job: Fields): Fields {
  const template = fieldAt(job, 'spec.template');
  return isFields(template) ? template : {};
}

function whyNot(kind: AppTest['probe']['kind']): string {
  return kind === 'Http'
    ? 'its url has no {{namespace}}, so that it asks the App itself'
    : `kind ${kind.toLowerCase()} speaks of the App itself`;
}
