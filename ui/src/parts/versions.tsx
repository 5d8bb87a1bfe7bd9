/** Versions as people read them: the tag where there is one, else the digest, short; the digest whole where one points at it. */
import { Code, Text } from '@mantine/core';

export interface Version {
  readonly tag?: string;
  readonly digest?: string;
}

const shortDigest = 19;

export function sayVersion({ tag, digest }: Version): string {
  return tag ?? digest?.slice(0, shortDigest) ?? '?';
}

export function VersionText({ version }: { readonly version: Version }) {
  return (
    <Code {...(version.digest !== undefined && { title: version.digest })}>
      <bdi>{sayVersion(version)}</bdi>
    </Code>
  );
}

export interface Change {
  readonly source: string;
  readonly repository: string;
  readonly from: Version;
  readonly to: Version;
}

/** `web 1.2.0 → 1.3.0`, one line for each source that moves. */
export function ChangeLines({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <>
      {changes.map((change) => (
        <Text key={change.source} size="sm" component="div">
          {changes.length > 1 && <bdi>{change.source} </bdi>}
          <VersionText version={change.from} /> → <VersionText version={change.to} />
        </Text>
      ))}
    </>
  );
}
