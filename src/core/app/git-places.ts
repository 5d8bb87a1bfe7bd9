/** Whether two Apps write the same place of one repository: each would undo what the other commits. */
import { formatFieldPath } from '../field-path.ts';
import { parseGitLocation } from '../webhook/git-location.ts';
import { topicOfGit } from '../webhook/topics.ts';
import { type AppSpec, locationOf } from './app.ts';
import type { GitDeploy, VersionWriter } from './git-deploy.ts';

/** What of an App's spec says where it writes. */
export type GitWriter = Pick<AppSpec, 'sources'> & { readonly deploy: GitDeploy };

/** @returns a place that both write, for people; undefined where there is none */
export function findSharedPlace(one: GitWriter, other: GitWriter): string | undefined {
  const isApart =
    branchOf(one.deploy) !== branchOf(other.deploy) ||
    !(isWithin(one.deploy.path, other.deploy.path) || isWithin(other.deploy.path, one.deploy.path));
  if (isApart) {
    return undefined;
  }
  const theirs = new Set(placesOf(other));
  return placesOf(one).find((place) => theirs.has(place));
}

/** The same for https and ssh of one repository. */
function branchOf({ url, branch }: GitDeploy): string {
  const location = parseGitLocation(url.text);
  return `${location ? topicOfGit(location) : url.text} ${branch}`;
}

function placesOf({ sources, deploy }: GitWriter): readonly string[] {
  return deploy.writers.flatMap((writer) => placeOf(writer, sources, deploy.path) ?? []);
}

function placeOf(writer: VersionWriter, sources: AppSpec['sources'], folder: string): string | undefined {
  switch (writer.kind) {
    case 'Marker':
      return `the marker ${writer.policy}`;
    case 'Kustomization': {
      const source = sources.find(({ name }) => name === writer.source);
      return source && `the image ${locationOf(source)} of kustomizations`;
    }
    case 'Chart':
      return `the version of chart ${writer.name}`;
    case 'Value':
      return `${formatFieldPath(writer.path)} of ${folder === '' ? '' : `${folder}/`}${writer.file}`;
  }
}

function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
