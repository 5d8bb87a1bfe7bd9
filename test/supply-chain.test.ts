/** What comes from elsewhere: pinned, with a checksum, without scripts of its own, and with a reason to be here. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const lock = json<{ readonly packages: Readonly<Record<string, LockedPackage>> }>('package-lock.json');
const packages = Object.entries(lock.packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
const manifests = ['package.json', 'ui/package.json'].map((path) => json<Manifest>(path));
const direct = manifests.flatMap((one) => Object.entries({ ...one.dependencies, ...one.devDependencies }));

test('every package of the lock file has a SHA-512', () => {
  const without = packages.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));

  expect(packages.length).toBeGreaterThan(100);
  expect(without).toEqual([]);
});

test('every package comes from the registry that npm is set to, none from git, a file or an address', () => {
  const elsewhere = packages.filter(([, { resolved }]) => resolved !== undefined);

  expect(elsewhere).toEqual([]);
});

test('only esbuild has a script that is run when it is installed', () => {
  const scripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);

  expect(scripts).toEqual(['node_modules/esbuild']);
});

test('every version that we name is exact', () => {
  expect(direct.filter(([, version]) => !/^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(version))).toEqual([]);
});

test('docs/develop/dependencies.md has one sentence for each package that we name, and for no other', () => {
  const rows = [...text('docs/develop/dependencies.md').matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)];

  expect(rows.map(([, name]) => name).toSorted()).toEqual([...new Set(direct.map(([name]) => name))].toSorted());
  expect(rows.filter(([, , why = '']) => !/^[A-Z].{8,}\.$/.test(why))).toEqual([]);
});

test('every package says under which licence it is, and none asks for more than naming it', () => {
  const permissive =
    /^(0BSD|Apache-2\.0|BlueOak-1\.0\.0|BSD-[23]-Clause|CC0-1\.0|CC-BY-[34]\.0|ISC|MIT(-0)?|MPL-2\.0|PSF-2\.0|Python-2\.0|Unlicense|Zlib)$/;
  const parts = (licence = '') => licence.replace(/[()]/g, '').split(/ (?:AND|OR) /);
  const others = packages.filter(([, { license }]) => !parts(license).every((part) => permissive.test(part)));

  expect(others.map(([path, { license }]) => `${path} ${license}`)).toEqual([]);
});

function text(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

function json<T>(path: string): T {
  return JSON.parse(text(path)) as T;
}
