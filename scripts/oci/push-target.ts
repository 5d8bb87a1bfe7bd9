import type { PushTarget } from './push.ts';

/** @throws Error when `reference` is not HOST/REPOSITORY:TAG */
export function readTarget(reference: string, insecure: boolean): PushTarget {
  const match = /^(?<host>[^/]+)\/(?<repository>.+):(?<tag>[^:/]+)$/.exec(reference)?.groups;
  const { host, repository, tag } = match ?? {};
  if (host === undefined || repository === undefined || tag === undefined) {
    throw new Error(`${JSON.stringify(reference)} must be HOST/REPOSITORY:TAG`);
  }
  return { host, repository, tag, insecure };
}
