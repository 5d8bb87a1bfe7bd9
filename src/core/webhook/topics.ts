/**
 * The words by which what was announced and the Apps that follow it find each other: one App is listed under the topics
 * of its sources, an announcement is looked up under its own.
 */
import type { Repository } from '../image/reference.ts';
import type { AnnouncedImage } from './announcement.ts';
import type { GitLocation } from './git-location.ts';

/** Under which an App with this repository is listed: with its registry, and for senders that do not know it. */
export function topicsOfRepository({ registry, path }: Repository): readonly string[] {
  return [imageTopic(registry, path), imageTopic(undefined, path)];
}

export function topicOfImage({ registry, path }: AnnouncedImage): string {
  return imageTopic(registry, path);
}

/** Hosts of git repositories do not tell `Org/Repo` and `org/repo` apart; where one does, a check too many is harmless. */
export function topicOfGit({ host, path }: GitLocation): string {
  return `git ${host}/${path.toLowerCase()}`;
}

function imageTopic(registry: string | undefined, path: string): string {
  return registry === undefined ? `image-path ${path}` : `image ${registry.toLowerCase()}/${path}`;
}
