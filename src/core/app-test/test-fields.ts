/** What `{{fields}}` in the texts of a test stand for. */
import type { VersionChange } from '../update/version-change.ts';

const plainFields = ['app', 'namespace', 'update', 'version', 'digest', 'from'] as const;

/** With one of these and the name of a source: `version.web`. */
const ofSource = /^(?:version|digest|from)\.[a-z0-9][-a-z0-9]*$/;

export const knownTestFields: readonly string[] = [...plainFields, 'version.SOURCE', 'digest.SOURCE', 'from.SOURCE'];

export function isTestField(name: string): boolean {
  return plainFields.some((one) => one === name) || ofSource.test(name);
}

export interface UpdateNames {
  readonly namespace: string;
  readonly app: string;
  readonly update: string;
}

/** Those without a source are of the first one. A version is its tag, where it has one. */
export function testFields(
  { namespace, app, update }: UpdateNames,
  changes: readonly VersionChange[],
): Readonly<Record<string, string>> {
  const versions = changes.flatMap(({ source, from, to }, index) => {
    const fields: readonly (readonly [string, string])[] = [
      ['version', to.tag ?? to.digest ?? ''],
      ['digest', to.digest ?? ''],
      ['from', from.tag ?? from.digest ?? ''],
    ];
    const named = fields.map(([name, value]) => [`${name}.${source}`, value] as const);
    return index === 0 ? [...fields, ...named] : named;
  });
  return { app, namespace, update, ...Object.fromEntries(versions) };
}
