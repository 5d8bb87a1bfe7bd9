/** What was verified is a digest. A place that is given a tag alone would take whatever the tag means later. */
import type { AppSpecWire, SourceWire } from './app.ts';
import type { GitWire } from './git-deploy.ts';

type Note = (field: string, problem: string) => void;

interface Place {
  readonly field: string;
  readonly source: string;
  readonly isPinned: boolean;
  readonly remedy: string;
}

const reason = 'cannot go with verify, because a tag can be moved after it was verified';

/** Notes each place that takes a tag alone of a source that verifies. Helm releases and manifests are always given the digest. */
export function notePinning({ sources, deploy }: Pick<AppSpecWire, 'sources' | 'deploy'>, note: Note): void {
  const verified = new Set(sources.filter(verifies).map(({ name }) => name));
  const { workloads, patch, git } = deploy;
  if (verified.size > 0 && workloads?.imageReference === 'Tag') {
    note('spec.deploy.workloads.imageReference', `"Tag" ${reason}; use Digest`);
  }
  const targets = (patch?.targets ?? []).map((target, at) => valuePlace(target, `spec.deploy.patch.targets[${at}]`));
  noteTags(targets, verified, note);
  noteTags(git === undefined ? [] : writerPlaces(git), verified, note);
}

function verifies({ image, chart, git, artifact }: SourceWire): boolean {
  return (image?.verify ?? chart?.verify ?? chart?.provenance ?? git?.verify ?? artifact?.verify) !== undefined;
}

/** One place with the digest is enough: the tag beside it is for people. */
function noteTags(places: readonly Place[], verified: ReadonlySet<string>, note: Note): void {
  const pinned = new Set(places.filter(({ isPinned }) => isPinned).map(({ source }) => source));
  for (const { field, source, isPinned, remedy } of places) {
    if (verified.has(source) && !isPinned && !pinned.has(source)) {
      note(field, `a tag alone ${reason}; ${remedy}`);
    }
  }
}

interface Written {
  readonly source: string;
  readonly value?: string;
  readonly template?: string;
}

function valuePlace({ source, value, template }: Written, field: string): Place {
  const isPinned =
    template === undefined ? ['Digest', 'Reference'].includes(value ?? 'Tag') : template.includes('{digest}');
  return { field, source, isPinned, remedy: 'use value Digest or Reference here, or in one more place of its source' };
}

function writerPlaces({ writers, imageReference }: GitWire): readonly Place[] {
  return writers.map(({ source, value, chart }, at): Place => {
    const field = `spec.deploy.git.writers[${at}]`;
    if (value !== undefined) {
      return valuePlace({ source, ...value }, `${field}.value`);
    }
    return chart === undefined
      ? { field, source, isPinned: imageReference !== 'Tag', remedy: 'use imageReference: Digest' }
      : {
          field,
          source,
          isPinned: false,
          remedy: 'a chart is written by its version; let what applies it verify it too',
        };
  });
}
