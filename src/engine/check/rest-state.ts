/** What an App says when nothing is to be done. */

import type { AppState } from '../../core/app/app-state.ts';
import { clipMessage } from '../../core/text.ts';
import type { Finding } from '../detect/finding.ts';

/** @param notes what there is to say besides versions */
export function restState(findings: readonly Finding[], notes: readonly string[] = []): AppState {
  const message = clipMessage([...findings.map(sayFinding), ...notes].join('; '));
  const untils = findings.flatMap((finding) => (finding.kind === 'Young' ? [finding.until.getTime()] : []));
  if (untils.length > 0) {
    return { kind: 'Immature', message, until: new Date(Math.min(...untils)) };
  }
  const kinds = new Set(findings.map(({ kind }) => kind));
  if (kinds.has('Unverified')) {
    return { kind: 'Unverified', message };
  }
  if (kinds.has('PlatformMissing')) {
    return { kind: 'Unfit', message };
  }
  return { kind: kinds.has('Rejected') ? 'VersionRejected' : 'UpToDate', message };
}

function sayFinding(finding: Finding): string {
  const { name } = finding.source;
  const current = finding.current.tag ?? finding.current.digest ?? 'an unknown version';
  switch (finding.kind) {
    case 'Rejected':
      return `${name} stays on ${current}: ${finding.tag} was rejected by ${finding.rejection.author} (${finding.rejection.reason})`;
    case 'Unverified':
    case 'Young':
    case 'PlatformMissing':
    case 'Unfit':
      return `${name} stays on ${current}: ${finding.tag} ${finding.message}`;
    case 'Nothing':
      return `${name} stays on ${current}: ${finding.message}`;
    default:
      return `${name} ${current} is the newest version that the policy allows`;
  }
}
