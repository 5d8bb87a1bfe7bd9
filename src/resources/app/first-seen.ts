/** The clocks of minimumAge in the status of an App: kept over restarts, suspension and trouble, and as few as there are candidates. */
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { AppObjectWire } from './decode-app.ts';

type FirstSeenWire = NonNullable<NonNullable<AppObjectWire['status']>['firstSeen']>;

export function decodeFirstSeen({ status }: AppObjectWire, source: string): readonly FirstSeen[] {
  return (status?.firstSeen ?? [])
    .filter((one) => one.source === source)
    .map(({ digest, tag, at, by }) => ({ digest, tag: tag ?? '', at: new Date(at), by }));
}

/**
 * The clocks as they are to be written: of each source with a minimum age those of the last check, or those that were there where nobody
 * looked. Undefined when there are none.
 */
export function encodeFirstSeen(
  { spec, status }: AppObjectWire,
  views: readonly { readonly name: string; readonly firstSeen?: readonly FirstSeen[] | undefined }[],
): FirstSeenWire | undefined {
  const clocks = spec.sources.flatMap((source): FirstSeenWire => {
    if (!asksForAge(source)) {
      return [];
    }
    const seen = views.find((view) => view.name === source.name)?.firstSeen;
    return seen === undefined
      ? (status?.firstSeen ?? []).filter((one) => one.source === source.name)
      : seen.map(({ digest, tag, at, by }) => ({
          source: source.name,
          digest,
          tag,
          at: at.toISOString(),
          ...(by && { by }),
        }));
  });
  return clocks.length === 0 ? undefined : clocks;
}

function asksForAge({ image, chart, git, artifact }: AppObjectWire['spec']['sources'][number]): boolean {
  const policy = image?.policy ?? chart?.policy ?? git?.tag ?? artifact?.policy;
  return (policy?.minimumAge ?? git?.minimumAge) !== undefined;
}
