/** What an App says when a source cannot be asked: which field to look at. */
import type { Source } from '../../core/app/app.ts';
import type { AppState } from '../../core/app/app-state.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Finding } from '../detect/finding.ts';

const unavailableReasons: {
  readonly [Code in ErrorCode]?: Extract<AppState, { readonly kind: 'Unavailable' }>['reason'];
} = { SECRET_NOT_FOUND: 'TargetNotFound', REGISTRY_RATE_LIMITED: 'RateLimited' };

/** How a kind of source is written in an App. */
const sourceFields: Readonly<Record<Source['kind'], { kind: string; place: string; policy: string }>> = {
  Image: { kind: 'image', place: 'repository', policy: 'policy' },
  Chart: { kind: 'chart', place: 'repository', policy: 'policy' },
  Git: { kind: 'git', place: 'url', policy: 'tag' },
  Artifact: { kind: 'artifact', place: 'repository', policy: 'policy' },
  Folder: { kind: 'folder', place: 'path', policy: 'path' },
};

/** Names the field whose value is to be corrected, if the registry is not to blame. */
export function stateOfUnavailable(
  { source, error }: Extract<Finding, { kind: 'Unavailable' }>,
  index: number,
  until: Date,
): AppState {
  const fields = sourceFields[source.kind];
  const field = `spec.sources[${index}].${fields.kind}`;
  if (error.code === 'POLICY_INVALID') {
    return { kind: 'Invalid', message: `${field}.${fields.policy}: ${error.message}` };
  }
  const usual = error.code === 'SECRET_INVALID' ? 'certSecretRef' : fields.place;
  const message = `${field}.${error.context['field'] ?? usual}: ${error.message}`;
  const reason = unavailableReasons[error.code] ?? 'RegistryUnavailable';
  return { kind: 'Unavailable', reason, message, until };
}
