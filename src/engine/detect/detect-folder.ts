/** Finds out whether a folder has other files than those that were applied. */
import type { FolderSource } from '../../core/app/manifests-deploy.ts';
import { findRejection, type Rejection } from '../../core/app/rejection.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { Clock } from '../ports/clock.ts';
import type { Folders } from '../ports/manifest-files.ts';
import type { Answer, Detector } from './finding.ts';

export interface FolderContext {
  readonly folders: Folders;
  readonly clock: Clock;
}

export interface FolderRequest {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly source: FolderSource;
  readonly running: readonly Version[];
  readonly rejections: readonly Rejection[];
}

export function detectFolder(context: FolderContext, request: FolderRequest): Detector {
  const current = request.running[0] ?? { tag: undefined, digest: undefined };
  return { current, ask: async (signal) => await look(context, request, current, signal) };
}

async function look(
  { folders, clock }: FolderContext,
  { app, source, rejections }: FolderRequest,
  current: Version,
  signal: AbortSignal,
): Promise<Answer> {
  const { digest } = await folders.readTree(source.path, signal);
  if (digest === current.digest) {
    return { kind: 'UpToDate' };
  }
  const rejection = findRejection(rejections, app, digest, clock.now());
  const shown = 19;
  return rejection
    ? { kind: 'Rejected', tag: digest.slice(0, shown), rejection }
    : { kind: 'Newer', version: { tag: undefined, digest } };
}
