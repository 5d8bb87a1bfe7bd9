/** Finds, for one App, which newer versions its sources offer. */
import type { Source } from '../../core/app/app.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import { isOperationError } from '../../core/errors.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { Survey } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';
import { type ArtifactContext, detectArtifact } from './detect-artifact.ts';
import { type ChartContext, detectChart } from './detect-chart.ts';
import { detectFolder, type FolderContext } from './detect-folder.ts';
import { detectGit, type GitContext } from './detect-git.ts';
import { detectImage, type ImageContext } from './detect-image.ts';
import type { Detector, Finding } from './finding.ts';

export interface DetectContext extends ImageContext, ChartContext, GitContext, ArtifactContext, FolderContext {
  readonly clock: Clock;
}

export interface DetectRequest {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly sources: readonly Source[];
  readonly survey: Pick<Survey, 'versions' | 'workloads'>;
  readonly rejections: readonly Rejection[];
  /** Clocks of the candidates of a source, from earlier checks. */
  readonly firstSeenOf: (source: string) => readonly FirstSeen[];
}

/**
 * Asks where the versions of all sources come from.
 *
 * What cannot be asked is a finding, not an error: the App says so and the others go on.
 */
export async function detect(context: DetectContext, request: DetectRequest, signal: AbortSignal): Promise<Finding[]> {
  return await Promise.all(
    request.sources.map(async (source) => {
      const detector = detectorFor(context, request, source);
      const base = { source, current: detector.current };
      try {
        return { ...base, ...(await detector.ask(signal)) };
      } catch (error) {
        if (isOperationError(error) && error.code !== 'INVARIANT') {
          return { ...base, kind: 'Unavailable', error };
        }
        throw error;
      }
    }),
  );
}

/** What runs of each source, where nobody is to be asked. */
export function withoutAsking(context: DetectContext, request: DetectRequest): Finding[] {
  return request.sources.map((source) => ({
    source,
    current: detectorFor(context, request, source).current,
    kind: 'NotAsked',
  }));
}

function detectorFor(context: DetectContext, request: DetectRequest, source: Source): Detector {
  const { app, rejections, survey } = request;
  const running = survey.versions.get(source.name) ?? [];
  const firstSeen = request.firstSeenOf(source.name);
  const asked = { app, rejections, running, firstSeen, now: () => context.clock.now() };
  switch (source.kind) {
    case 'Image':
      return detectImage(context, { ...asked, source, pullers: survey.workloads });
    case 'Chart':
      return detectChart(context, { ...asked, source });
    case 'Git':
      return detectGit(context, { ...asked, source });
    case 'Artifact':
      return detectArtifact(context, { ...asked, source });
    case 'Folder':
      return detectFolder(context, { ...asked, source });
  }
}
