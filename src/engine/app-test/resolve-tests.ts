/** The tests of an App as they can be run: those that an AnalysisTemplate describes are read from it. */
import { refuse, testsOfTemplate } from '../../core/app-test/analysis-template.ts';
import type { AnalysisReference, AppTest, RunnableTest } from '../../core/app-test/app-test.ts';
import { isOperationError } from '../../core/errors.ts';
import { fillTemplate } from '../../core/template.ts';
import type { Work } from '../deploy/deployer.ts';
import type { AnalysisTemplates } from '../ports/analysis-templates.ts';
import { subjectOf } from './test-runner.ts';

/** Read anew in each pass while the tests are on: what somebody edits meanwhile counts, and nothing is kept. */
export async function resolveTests(
  templates: AnalysisTemplates,
  work: Work,
  signal: AbortSignal,
): Promise<readonly RunnableTest[]> {
  const runnable: RunnableTest[] = [];
  for (const test of work.spec?.tests ?? []) {
    const { probe } = test;
    const tests =
      probe.kind === 'Analysis' ? await resolve(templates, { work, test, probe }, signal) : [{ ...test, probe }];
    runnable.push(...tests);
  }
  return runnable;
}

interface Reference {
  readonly work: Work;
  readonly test: AppTest;
  readonly probe: AnalysisReference;
}

async function resolve(
  templates: AnalysisTemplates,
  { work, test, probe }: Reference,
  signal: AbortSignal,
): Promise<readonly RunnableTest[]> {
  const { name, pace } = test;
  const kind = probe.clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  const namespace = probe.clusterScope ? undefined : work.update.metadata.namespace;
  try {
    const template = await templates.find(namespace, probe.template, signal);
    if (template === undefined) {
      return [refuse({ name, pace }, `there is no ${kind} ${probe.template}`)];
    }
    const { fields } = subjectOf(work);
    const values = probe.arguments.map((one) => [one.name, fillTemplate(one.value, fields)] as const);
    return testsOfTemplate(template, { name, pace, arguments: Object.fromEntries(values) });
  } catch (error) {
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return [refuse({ name, pace }, error.message)];
    }
    throw error;
  }
}
