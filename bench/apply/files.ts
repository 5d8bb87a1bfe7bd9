/** (e): 5,000 files of which one changes, in a folder and in a git repository behind http. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGitRepositories } from '../../src/adapters/git/git-repositories.ts';
import { createFolders } from '../../src/adapters/manifests/folders.ts';
import { createManifestRenderer } from '../../src/adapters/manifests/renderer.ts';
import { parseGitUrl } from '../../src/core/git/git-url.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { startGitHttp } from '../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository } from '../../test/servers/git-repository.ts';
import { writeService, writeServices } from './service-objects.ts';
import { type ApplyBench, timed } from './stage.ts';

const fileCount = 5_000;
const never = new AbortController().signal;

export async function measureFiles({ folder, note }: ApplyBench): Promise<void> {
  const path = join(folder, 'files');
  await writeServices(path, fileCount);
  const folders = createFolders({ root: path });
  const renderer = createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: '' });
  const read = async () => (await renderer.render({ tree: await folders.readTree('', never), path: '' }, never)).length;
  await timed('5,000 files in a folder, first', read);
  await writeService(path, 17, 2);
  const before = await cpuMs();
  const ms = await timed('5,000 files in a folder, one changed', read);
  note('folder of 5,000 files of which one changed: read', ms, 'ms');
  note('folder of 5,000 files of which one changed: CPU', (await cpuMs()) - before, 'ms', 500);
  await measureGit({ path, folder, note });
}

/** The whole way of a new commit: which one the branch is at, what of it is new, its files, their objects. */
async function measureGit({ path, folder, note }: Pick<ApplyBench, 'folder' | 'note'> & { readonly path: string }) {
  const root = makeGitRoot();
  const repository = makeRepository(root.directory, 'apps.git');
  repository.commit(await filesOf(path));
  const server = await startGitHttp({ root: root.directory });
  const ended = new AbortController();
  const git = createGitRepositories({
    program: { privateFolder: folder, environment: { PATH: process.env['PATH'] ?? '' } },
    cacheFolder: join(folder, 'fetched'),
    filesBelow: undefined,
    clock: systemClock,
    signal: ended.signal,
    maxAgeMs: 0,
  });
  const renderer = createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: '' });
  const remote = { url: parseGitUrl(`http://${server.host}/apps.git`), access: {} };
  const read = async () => {
    const commit = (await git.findBranch(remote, 'main', never)) ?? '';
    const tree = await git.readTree(remote, { commit, path: '', withManifestsBeside: true }, never);
    return (await renderer.render({ tree, path: '' }, never)).length;
  };
  try {
    await timed('5,000 files in git, first', read);
    const times: number[] = [];
    let spentMs = 0;
    for (let round = 2; round <= 6; round += 1) {
      await writeService(path, 17, round);
      const name = 'app-17.yaml';
      repository.commit({ [name]: await readFile(join(path, name), 'utf8') });
      const before = await cpuMs();
      times.push(await timed('5,000 files in git, a commit that touches one', read));
      spentMs += (await cpuMs()) - before;
    }
    times.sort((left, right) => left - right);
    note('git of 5,000 files: a new commit that touches one file, median', times[2] ?? 0, 'ms', 500);
    note('git of 5,000 files: the same in CPU, that of the git server included', spentMs / times.length, 'ms', 500);
  } finally {
    ended.abort();
    await server.stop();
    root.remove();
  }
}

/** CPU time of this process and of the programs that it has run to their end; proc(5), fields 14 to 17, in ticks of 10 ms. */
async function cpuMs(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field) * 10, 0);
}

async function filesOf(path: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of await readdir(path)) {
    files[name] = await readFile(join(path, name), 'utf8');
  }
  return files;
}
