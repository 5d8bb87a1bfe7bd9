/**
 * The product's image for a machine of another kind. At this level because packages are downloaded; helm and kubectl are compiled and run
 * only when asked for, as that takes minutes:
 *
 *   HEADGATE_OTHER_ARCHITECTURE=true npx vitest run --project server test/images/other-architecture
 *
 * With HEADGATE_QEMU (a static qemu-aarch64) the programs are run too.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { sizeOf } from '../../scripts/oci/image.ts';
import { makeGitLayer } from '../../scripts/product-image/git-layer.ts';
import {
  debianPackagesOf,
  joinProducts,
  makeBaseLayers,
  makeProduct,
} from '../../scripts/product-image/product-image.ts';
import { bundleProgram, nodeFlags, programPath } from '../../scripts/product-image/program-layer.ts';
import { makeRuntimeLayer } from '../../scripts/product-image/runtime-layer.ts';
import { foreignFiles, foreignSystem } from '../../scripts/product-image/system/foreign-system.ts';
import { ownFiles } from '../../scripts/product-image/system/own-system.ts';
import { isElf, readElf } from '../../scripts/product-image/system/read-elf.ts';
import type { Architecture, SystemFiles } from '../../scripts/product-image/system/system.ts';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { unpackEntries } from './unpack-entries.ts';

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const other: Architecture = process.arch === 'x64' ? 'arm64' : 'amd64';
const linkers: Readonly<Record<Architecture, string>> = {
  amd64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};
// Other distributions have their archives of other architectures elsewhere, or no apt.
const isDebian = existsSync('/etc/debian_version') && !existsSync('/etc/lsb-release');
const isAsked = process.env['HEADGATE_OTHER_ARCHITECTURE'] === 'true';
const qemu = process.env['HEADGATE_QEMU'];

test('each program of the image finds its linker and its libraries in the image', { timeout: 120_000 }, async () => {
  await expectWhole(ownFiles());
});

test.runIf(isDebian)(
  'so does each program of an image for another kind of machine, and all are for it',
  { timeout: 600_000 },
  async () => {
    await expectWhole(await foreignFiles(other, await debianPackagesOf(ownFiles())));
  },
);

async function expectWhole(system: SystemFiles): Promise<void> {
  const entries = [...(await makeRuntimeLayer(system)), ...(await makeGitLayer(system))];
  const paths = new Set(entries.map(({ path }) => `/${path}`));
  const names = new Set(entries.map(({ path }) => path.split('/').at(-1)));
  const programs = elfFilesOf(entries);

  expect(programs.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['nodejs/node', 'usr/bin/git', 'usr/lib/git-core/git-remote-http', 'usr/bin/ssh', 'bin/sh']),
  );
  expect(programs.filter(({ elf }) => elf.architecture !== system.architecture)).toEqual([]);
  expect(paths).toContain(linkers[system.architecture]);
  const missing = programs.flatMap(({ path, elf }) => [
    ...elf.needed.filter((name) => !names.has(name)).map((name) => `${path} needs ${name}`),
    ...(elf.interpreter === undefined || paths.has(elf.interpreter) ? [] : [`${path} needs ${elf.interpreter}`]),
  ]);
  expect(missing).toEqual([]);
}

function elfFilesOf(entries: readonly TarEntry[]) {
  return entries.flatMap((one) => {
    const content = one.kind === 'file' ? Buffer.from(one.content) : Buffer.alloc(0);
    return isElf(content) ? [{ path: one.path, elf: readElf(content) }] : [];
  });
}

test.runIf(isAsked)(
  'two builds for another kind of machine have one digest, and an index has both kinds',
  { timeout: 3_600_000 },
  async () => {
    const [own, foreign] = [await makeProduct(entry), await makeProduct(entry, { architecture: other })];
    const again = await makeProduct(entry, { architecture: other });

    expect(again.image.root).toEqual(foreign.image.root);
    expect(again.billOfMaterials).toBe(foreign.billOfMaterials);
    expect(sizeOf(foreign.image)).toBeLessThan(250_000_000);
    expect(purlsOf(foreign.billOfMaterials)).toEqual(purlsOf(own.billOfMaterials));
    expect(partsWithoutLicence(foreign.billOfMaterials)).toEqual([]);
    const index = joinProducts([own, foreign]);
    const { manifests } = JSON.parse(Buffer.from(index.blobs.get(index.root.digest) ?? '').toString());
    expect(manifests).toEqual([own.image.root, foreign.image.root]);
    expect(foreign.image.root.platform).toEqual({ os: 'linux', architecture: other });
  },
);

interface BillOfMaterials {
  readonly components: readonly { readonly purl: string; readonly licenses?: readonly object[] }[];
}

/** Without versions: a package that was only built again has another one, and Go and its modules may be newer. */
function purlsOf(bill: string): readonly string[] {
  const { components }: BillOfMaterials = JSON.parse(bill);
  const names = components.map(({ purl }) => purl.replace(/@[^@]*$/, '')).filter((purl) => !/^pkg:golang/.test(purl));
  return [...new Set(names)].toSorted();
}

function partsWithoutLicence(bill: string): readonly object[] {
  const { components }: BillOfMaterials = JSON.parse(bill);
  return components.filter(({ purl, licenses }) => /^pkg:(npm|golang)/.test(purl) && !licenses?.length);
}

test.runIf(isAsked && qemu !== undefined)(
  'the programs for another kind of machine run',
  { timeout: 3_600_000 },
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'headgate-image-'));
    onTestFinished(() => rm(root, { recursive: true }));
    const { layers } = await makeBaseLayers(await foreignSystem(other, await debianPackagesOf(ownFiles())));
    const { entries } = await bundleProgram(entry);
    await unpackEntries([...layers.flat(), ...entries], root);
    await copyFile(qemu ?? '', join(root, 'qemu'));
    const run = async (...command: readonly string[]) =>
      (
        await promisify(execFile)('chroot', [root, '/qemu', ...command], {
          env: { HOME: '/tmp', PATH: '/usr/sbin:/usr/bin:/bin' },
        })
      ).stdout;

    expect(await run('/nodejs/node', '--print', 'process.arch + process.version')).toBe(`${other}${process.version}\n`);
    expect(await run('/nodejs/node', ...nodeFlags, programPath, '--help')).toMatch(/^Usage: headgate /);
    expect(await run('/usr/local/bin/helm', 'version', '--short')).toMatch(/^v4\./);
    expect(await run('/usr/local/bin/kubectl', 'version', '--client')).toMatch(/^Client Version: v1\.3/);
    expect(await run('/usr/bin/git', '--version')).toMatch(/^git version 2\./);
    expect(await run('/usr/bin/gpg', '--version')).toMatch(/^gpg \(GnuPG\) 2\./);
  },
);
