import { readHealthChecks } from '../app/commands/read-health-checks.ts';
import { type Manifest, readManifests } from '../app/commands/read-manifests.ts';
import { assessObject } from '../core/health/objects/assess-object.ts';
import type { ObjectHealth } from '../core/health/objects/object-health.ts';
import { type Command, type ExitCode, outputOption, usageError } from './command.ts';
import { formatTable } from './table.ts';

export const healthCommand: Command = {
  name: 'health',
  summary: 'Judge objects from a file by the rules of kstatus, without a cluster.',
  arguments: [],
  options: [
    {
      flags: '-f, --filename <file>',
      description:
        'YAML or JSON with status, e.g. of "kubectl get -o yaml"; - is standard input; may be given several times',
      repeatable: true,
    },
    {
      flags: '--checks <file>',
      description:
        'CEL checks for some kinds, instead of their rules: a list of them, an App, or a Kustomization or HelmRelease of Flux',
    },
    { flags: '--wait-for-jobs', description: 'a Job is InProgress until it has ended; kstatus: Current once it runs' },
    {
      flags: '--exit-code',
      description:
        '1 when an object is Failed, else 3 when one is not Current; without it 0 whenever all could be read',
    },
    outputOption,
  ],
  async run({ options, print, signal }) {
    const files = options.list('filename');
    if (files.length === 0) {
      throw usageError('health: name a file with --filename, or - for standard input');
    }
    const waitForJobs = options.flag('waitForJobs');
    const checksFile = options.text('checks');
    const checks = checksFile === undefined ? {} : { checks: await readHealthChecks(checksFile, signal) };
    const judged: JudgedManifest[] = [];
    for (const file of files) {
      for (const manifest of await readManifests(file, signal)) {
        judged.push(judge(manifest, { now: new Date(), waitForJobs, ...checks }));
      }
    }
    print(options.text('output') === 'json' ? JSON.stringify(judged, undefined, 2) : toTable(judged));
    return options.flag('exitCode') ? exitCodeOf(judged) : 0;
  },
};

type JudgedManifest = Pick<Manifest, 'kind' | 'namespace' | 'name'> & ObjectHealth;

function judge(
  { kind, namespace, name, object }: Manifest,
  options: Parameters<typeof assessObject>[1],
): JudgedManifest {
  const { status, reason, message } = assessObject(object, options);
  return { kind, namespace, name, status, reason, message };
}

function toTable(judged: readonly JudgedManifest[]): string {
  const heading = ['NAMESPACE', 'KIND', 'NAME', 'STATUS', 'REASON', 'MESSAGE'];
  return formatTable(
    heading,
    judged.map((one) => [one.namespace, one.kind, one.name, one.status, one.reason, one.message]),
  );
}

function exitCodeOf(judged: readonly JudgedManifest[]): ExitCode {
  if (judged.some(({ status }) => status === 'Failed')) {
    return 1;
  }
  return judged.every(({ status }) => status === 'Current') ? 0 : 3;
}
