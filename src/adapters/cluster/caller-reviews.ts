/** Fulfils the engine's CallerReviews by TokenReview and SubjectAccessReview. */
import Type from 'typebox';
import type { Caller } from '../../core/access/caller.ts';
import type { CallerReviews } from '../../engine/ports/caller-reviews.ts';
import type { KubeClient } from '../../kube/client.ts';
import { decoderOf } from '../../resources/decode.ts';
import { group } from '../../resources/schema-parts.ts';

const Extra = Type.Record(Type.String(), Type.Array(Type.String()));

const decodeToken = decoderOf(
  Type.Object({
    status: Type.Object({
      authenticated: Type.Optional(Type.Boolean()),
      user: Type.Optional(
        Type.Object({
          username: Type.Optional(Type.String()),
          uid: Type.Optional(Type.String()),
          groups: Type.Optional(Type.Array(Type.String())),
          extra: Type.Optional(Extra),
        }),
      ),
    }),
  }),
);
const decodeAccess = decoderOf(Type.Object({ status: Type.Object({ allowed: Type.Boolean() }) }));

export function createCallerReviews(client: KubeClient): CallerReviews {
  return {
    async identify(token, signal) {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
      const answer = await client.request({ method: 'POST', path, body, signal, what: 'ask whose token it is' });
      const { authenticated, user } = decodeToken(answer, 'TokenReview').status;
      return authenticated === true && user?.username ? callerOf({ ...user, username: user.username }) : undefined;
    },
    async may({ name, groups, uid, extra }, question, signal) {
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const spec = { user: name, groups, uid, extra, resourceAttributes: { group, ...question } };
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
      const answer = await client.request({ method: 'POST', path, body, signal, what: 'ask what a caller may' });
      return decodeAccess(answer, 'SubjectAccessReview').status.allowed;
    },
  };
}

function callerOf(user: {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}): Caller {
  return {
    name: user.username,
    groups: user.groups ?? [],
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  };
}
