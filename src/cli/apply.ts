import type { ApplierRun } from '../core/kube-applier/applier-run.ts';
import { type Command, connectionOf, connectionOptions, type ExitCode, usageError } from './command.ts';

export const applyCommand: Command = {
  name: 'apply',
  summary:
    'Keep a cluster as a repository on this machine says; a drop-in for kube-applier, with its environment: REPO_PATH, LISTEN_PORT, BLACKLIST_PATH, WHITELIST_PATH, POLL_INTERVAL_SECONDS, FULL_RUN_INTERVAL_SECONDS, DIFF_URL_FORMAT, LOG_LEVEL.',
  arguments: [],
  options: [
    ...connectionOptions,
    { flags: '--list', description: 'print the files that would be applied, one a line, and end; asks no cluster' },
    {
      flags: '--waybills',
      description:
        'apply the Waybills (kube-applier.io) of the cluster from the repository, each in the name of its delegate',
    },
    { flags: '--once', description: 'apply all files once, print what came of each, and end; 1 when one failed' },
  ],
  async run({ options, print, signal }) {
    const isList = options.flag('list');
    const isOnce = options.flag('once');
    const isWaybills = options.flag('waybills');
    if ([isList, isOnce, isWaybills].filter(Boolean).length > 1) {
      throw usageError('apply: give one of --list, --once and --waybills');
    }
    const { applierEnvironment } = await import('../app/config.ts');
    const { readApplierSettings } = await import('../app/applier/applier-settings.ts');
    const settings = readApplierSettings(applierEnvironment());
    if (isWaybills) {
      const { runWaybills } = await import('../app/applier/run-waybills.ts');
      await runWaybills(settings, connectionOf(options), signal);
      return 0;
    }
    const { applyOnce, listApplierFiles, runApplier } = await import('../app/applier/run-applier.ts');
    if (isList) {
      for (const file of await listApplierFiles(settings, signal)) {
        print(file);
      }
      return 0;
    }
    if (isOnce) {
      const run = await applyOnce(settings, connectionOf(options), signal);
      return run === undefined ? 0 : printRun(run, print);
    }
    await runApplier(settings, connectionOf(options), signal);
    return 0;
  },
};

function printRun({ files }: ApplierRun, print: (text: string) => void): ExitCode {
  for (const { path, success, output } of files) {
    print(`${path}: ${success ? 'applied' : 'FAILED'}`);
    for (const line of output) {
      print(`  ${line}`);
    }
  }
  return files.every((file) => file.success) ? 0 : 1;
}
