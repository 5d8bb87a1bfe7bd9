/** Hand-written pages and the lists in the sources name the same things. Generated pages are compared by scripts/generate.ts --check. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { Check, Errors } from 'typebox/value';
import { expect, test } from 'vitest';
import { chartValues } from '../scripts/generators/chart-values.ts';
import { pagesOf, readNavigation } from '../site/navigation.ts';
import { ownVersion } from '../src/app/own-version.ts';
import { fluxV1Keys } from '../src/core/adopt/flux-v1.ts';
import { keelKeys } from '../src/core/adopt/keel.ts';
import { imagoConfigKey } from '../src/core/adopt/marks.ts';
import { errorCodes } from '../src/core/errors.ts';
import { waitingReasons } from '../src/core/waiting.ts';
import { changeCauseKey } from '../src/engine/deploy/workloads/workloads-deployer.ts';
import { drillKey } from '../src/resources/checkpoint/drill-codec.ts';
import {
  adoptedFromLabel,
  adoptionProblemKey,
  appLabel,
  candidateLabel,
  checkAtKey,
  claimsAnnotation,
  definitionsVersionKey,
  releaseAnnotation,
  replicasLabel,
  subscriptionLabel,
} from '../src/resources/metadata.ts';
import { problemCodes } from '../src/server/api/problem.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('docs/reference/errors.md has a section for every error code and for no other, in the same order', () => {
  const sections = [...read('docs/reference/errors.md').matchAll(/^## (.+)$/gm)].map((match) => match[1]);

  expect(sections).toEqual([...errorCodes]);
});

test('every error code is made somewhere', () => {
  const sources = sourceFiles().filter((path) => path !== 'src/core/errors.ts');
  const text = sources.map(read).join('\n');

  expect(errorCodes.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

test('docs/reference/waiting.md has a section for every reason to wait and for no other, with what one can do', () => {
  const page = read('docs/reference/waiting.md');
  const sections = page.split(/^## /m).slice(1);

  expect(sections.map(titleOfSection).toSorted()).toEqual(waitingReasons.toSorted());
  expect(sections.filter((text) => !text.includes('**What you can do.** ')).map(titleOfSection)).toEqual([]);
});

test('docs/operate/alerts has a page for every alert of the chart and for no other, and alerts.md a row, in the same order', () => {
  const alerts = [...read('chart/files/alerts.yaml').matchAll(/- alert: (\w+).*?severity: (\w+)/gs)];
  const rows = [...read('docs/operate/alerts.md').matchAll(/^\| \[(\w+)\]\(alerts\/([a-z-]+)\.md\) \| (\w+) \|/gm)];
  expect(alerts.length).toBeGreaterThan(5);
  expect(rows.map(([, name, , severity]) => [name, severity])).toEqual(alerts.map((match) => match.slice(1)));

  const pages = readdirSync(`${root}docs/operate/alerts`).map((file) => {
    const page = file.replace('.md', '');
    return [titleOfSection(read(`docs/operate/alerts/${file}`).replace('# ', '')), page];
  });
  expect(pages.toSorted()).toEqual(rows.map(([, name, page]) => [name, page]).toSorted());
  // The chart makes the address of a page from the name of its alert.
  const kebab = (name = '') =>
    name
      .replace('Headgate', '')
      .replaceAll(/(?<!^)([A-Z])/g, '-$1')
      .toLowerCase();
  expect(rows.filter(([, name, page]) => kebab(name) !== page)).toEqual([]);
});

test('docs/guide/api.md has a row for every code of a problem, with its status, and for no other', () => {
  const rows = [...read('docs/guide/api.md').matchAll(/^\| `([a-z-]+)` \| ([0-9]{3}) \|/gm)];

  expect(rows.map(([, code, status]) => [code, Number(status)])).toEqual(
    Object.entries(problemCodes).map(([code, { status }]) => [code, status]),
  );
});

test('docs/reference/annotations.md has a row for every annotation that is read or written, and for no other', () => {
  const rows = [...read('docs/reference/annotations.md').matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
  const known = [
    ...Object.values(keelKeys),
    ...Object.values(fluxV1Keys),
    appLabel,
    checkAtKey,
    drillKey,
    definitionsVersionKey,
    adoptedFromLabel,
    adoptionProblemKey,
    releaseAnnotation,
    subscriptionLabel,
    candidateLabel,
    replicasLabel,
    claimsAnnotation,
    imagoConfigKey,
    changeCauseKey,
  ];

  expect(rows.toSorted()).toEqual(known.toSorted());
});

test('the default values of the chart fit its schema', () => {
  const defaults = load(read('chart/values.yaml'));

  expect([...Errors(chartValues, defaults)]).toEqual([]);
  expect(Check(chartValues, { replicas: 1 })).toBe(false);
});

test('chart and program have one version', () => {
  const program: unknown = JSON.parse(read('package.json'));
  const chart: unknown = load(read('chart/Chart.yaml'));

  const version = property(program, 'version');
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
  expect([property(chart, 'version'), property(chart, 'appVersion'), ownVersion]).toEqual([version, version, version]);
});

/** Home of the site, and its list for whoever reads in the repository. */
const unlisted: ReadonlySet<string> = new Set(['docs/index.md', 'docs/README.md']);

test('docs/navigation.json names every page of docs/ once', () => {
  const named = readNavigation()
    .flatMap(pagesOf)
    .map(({ path }) => path);
  const ofDocs = named.filter((path) => !path.startsWith('../'));

  const pages = markdownFiles().filter((path) => path.startsWith('docs/') && !unlisted.has(path));
  expect(ofDocs.toSorted()).toEqual(pages.map((path) => path.slice('docs/'.length)).toSorted());
});

test.each(markdownFiles())('the links of %s lead to files', (page) => {
  const folder = page.slice(0, page.lastIndexOf('/') + 1);
  const targets = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? '');

  const missing = targets.filter((target) => !exists(new URL(target, `file://${root}${folder}`)));
  expect(missing).toEqual([]);
});

function titleOfSection(section: string): string {
  return section.slice(0, section.indexOf('\n'));
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}

function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

function exists(url: URL): boolean {
  try {
    readFileSync(url);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EISDIR';
  }
}

function sourceFiles(): string[] {
  return readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `src/${name}`);
}

function markdownFiles(): string[] {
  const docs = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`);
  return [...readdirSync(root), ...docs].filter((name) => name.endsWith('.md'));
}
