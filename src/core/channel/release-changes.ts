/** What is new in a Release against the one before it. */
import type { Release, ReleaseChange, ReleasedApp, ReleasedVersion } from './release.ts';

/** In the order of names; those of a first Release are all added. */
export function changesBetween(
  former: Pick<Release, 'apps'> | undefined,
  latter: Pick<Release, 'apps'>,
): readonly ReleaseChange[] {
  const before = byName(former?.apps ?? []);
  const after = byName(latter.apps);
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name) => changesOf(name, before.get(name), after.get(name)));
}

function changesOf(
  app: string,
  before: ReleasedApp | undefined,
  after: ReleasedApp | undefined,
): readonly ReleaseChange[] {
  if (!before || !after) {
    return [{ app, kind: before ? 'Removed' : 'Added' }];
  }
  const former = new Map(before.versions.map((version) => [version.source, version]));
  const moved = after.versions.filter(({ source, digest }) => former.get(source)?.digest !== digest);
  const versions = moved
    .toSorted((left, right) => (left.source < right.source ? -1 : 1))
    .map((version) => versionChange(app, former.get(version.source), version));
  const isRedefined = before.definition !== after.definition;
  return isRedefined ? [...versions, { app, kind: 'Definition' }] : versions;
}

function versionChange(app: string, former: ReleasedVersion | undefined, latter: ReleasedVersion): ReleaseChange {
  const isSameTag = former?.tag === latter.tag;
  const say = ({ tag, digest }: ReleasedVersion) => (isSameTag ? digest : (tag ?? digest));
  return {
    app,
    kind: 'Version',
    source: latter.source,
    ...(former && { from: say(former) }),
    to: say(latter),
  };
}

function byName(apps: readonly ReleasedApp[]): ReadonlyMap<string, ReleasedApp> {
  return new Map(apps.map((app) => [app.name, app]));
}
