/**
 * With which credentials a repository is asked: those of the access in turn, as the kubelet does; where it has none, what is found
 * around us. What opened a repository is used first from then on, so that in steady state nothing is asked twice.
 */
import { isOperationError } from '../../core/errors.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { identifyAccess } from './access-identity.ts';
import type { AmbientCredentials } from './ambient.ts';
import type { Answer } from './answer.ts';
import type { AuthenticatedRequest, AuthenticatedTransport } from './authentication.ts';
import { putBounded } from './put-bounded.ts';

const maxTried = 20;
const maxRemembered = 2_000;

/** The answer, or the error, is that of the last credentials tried where none opens the repository. */
export function signIn(
  transport: AuthenticatedTransport,
  ambient: readonly AmbientCredentials[],
): AuthenticatedTransport {
  /** Of a repository and access: the identity of those credentials that opened it. */
  const keys = new Map<string, string>();

  return {
    async send(request) {
      const { repository } = request;
      // The answer may be shared with others, who have other Secrets.
      const { notes: _, ...access } = request.access;
      const hasOwn = access.credentials !== undefined;
      const accesses = hasOwn ? spread(access) : [await withAmbient({ ...request, access }, ambient)];
      const place = `${request.url.origin} ${repository.path} ${identifyAccess(access)}`;
      const key = keys.get(place);
      const known = accesses.find((one) => identifyAccess(one) === key);
      const order = known === undefined ? accesses : [known, ...accesses.filter((one) => one !== known)];
      const outcome = await tryInTurn(transport, request, order, known !== undefined);
      if (outcome.kind === 'Opened') {
        putBounded(keys, place, identifyAccess(outcome.answer.access), maxRemembered);
        return outcome.answer;
      }
      keys.delete(place);
      if (!hasOwn) {
        for (const source of ambient) {
          source.forget(repository);
        }
      }
      return await outcome.refusal;
    },
  };
}

type Outcome =
  | { readonly kind: 'Opened'; readonly answer: Answer }
  /** An answer, or an error to throw. */
  | { readonly kind: 'Refused'; readonly refusal: Promise<Answer> };

async function tryInTurn(
  transport: AuthenticatedTransport,
  request: AuthenticatedRequest,
  accesses: readonly RegistryAccess[],
  isKnown: boolean,
): Promise<Outcome> {
  let refusal: Promise<Answer> | undefined;
  for (const access of accesses) {
    refusal = transport.send({ ...request, access });
    try {
      const answer = await refusal;
      if (!isRefusal(answer, isKnown || accesses.length === 1)) {
        return { kind: 'Opened', answer };
      }
    } catch (error) {
      if (!isOperationError(error, 'REGISTRY_DENIED')) {
        throw error;
      }
    }
  }
  return { kind: 'Refused', refusal: refusal ?? transport.send(request) };
}

/** Some registries say 404 of what these credentials may not see; believed at once where they have opened the repository before. */
function isRefusal({ status }: Answer, isTrusted: boolean): boolean {
  return status === 401 || status === 403 || (status === 404 && !isTrusted);
}

function spread({ credentials, fallbacks = [], ...common }: RegistryAccess): readonly RegistryAccess[] {
  const all = [credentials, ...fallbacks].slice(0, maxTried);
  return all.map((one) => (one === undefined ? common : { ...common, credentials: one }));
}

async function withAmbient(
  { access, repository, operation, signal }: AuthenticatedRequest,
  ambient: readonly AmbientCredentials[],
): Promise<RegistryAccess> {
  const notes: string[] = [];
  for (const source of ambient) {
    const found = await source.find({ repository, operation, access, signal });
    if (found.kind === 'Found') {
      return { ...access, credentials: found.credentials };
    }
    if (found.kind === 'Unusable') {
      notes.push(found.problem);
    }
  }
  return notes.length === 0 ? access : { ...access, notes };
}
