/** What commits and pull requests say. */
import type { VersionChange } from '../update/version-change.ts';

export const defaultMessage = 'Update {versions}\n\n{changes}';

/** By which Headgate finds its own commits; the value is `namespace/name` of the Update. */
export const updateTrailer = 'Headgate-Update';
export const revertTrailer = 'Headgate-Reverts';

export interface TextFacts {
  readonly namespace: string;
  readonly app: string;
  readonly update: string;
  readonly changes: readonly VersionChange[];
}

const longestMessage = 8_192;

/** The template with `{app}`, `{namespace}`, `{update}`, `{versions}` and `{changes}` filled in; other braces stay. */
export function fillMessage(template: string, { namespace, app, update, changes }: TextFacts): string {
  const values: Readonly<Record<string, string>> = {
    namespace,
    app,
    update,
    versions: changes.map(({ source, to }) => `${source} to ${sayVersion(to)}`).join(', '),
    changes: changes.map(lineOf).join('\n'),
  };
  const filled = template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  return filled.slice(0, longestMessage).trim();
}

/** As `git revert` says it, with the reason. */
export function revertMessage(subject: string, commits: readonly string[], reason: string): string {
  const said = commits.map((commit) => `This reverts commit ${commit}.`).join('\n');
  return `Revert "${subject}"\n\n${said}\n\n${reason}`.slice(0, longestMessage).trim();
}

export function subjectOf(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

function lineOf({ source, repository, from, to }: VersionChange): string {
  return `* ${source} (${repository}): ${sayVersion(from)} -> ${sayVersion(to)}`;
}

function sayVersion({ tag, digest }: VersionChange['to']): string {
  return tag ?? digest ?? 'unknown';
}
