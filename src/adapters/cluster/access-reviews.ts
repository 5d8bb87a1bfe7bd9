/** Fulfils the engine's AccessReviews by SelfSubjectReview and SelfSubjectAccessReview. */
import Type from 'typebox';
import type { AccessReviews } from '../../engine/ports/access-reviews.ts';
import type { KubeClient } from '../../kube/client.ts';
import { decoderOf } from '../../resources/decode.ts';
import { group } from '../../resources/schema-parts.ts';

const decodeSelf = decoderOf(
  Type.Object({ status: Type.Object({ userInfo: Type.Object({ username: Type.String({ minLength: 1 }) }) }) }),
);
const decodeAccess = decoderOf(Type.Object({ status: Type.Object({ allowed: Type.Boolean() }) }));

export function createAccessReviews(client: KubeClient): AccessReviews {
  const review = async (path: string, body: object, signal: AbortSignal) =>
    await client.request({ method: 'POST', path, body, signal, what: 'ask what the caller may' });
  return {
    async whoAmI(signal) {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const answer = await review('/apis/authentication.k8s.io/v1/selfsubjectreviews', body, signal);
      return decodeSelf(answer, 'SelfSubjectReview').status.userInfo.username;
    },
    async may(verb, on, signal) {
      const spec = { resourceAttributes: { group, verb, ...on } };
      const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec };
      const answer = await review('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body, signal);
      return decodeAccess(answer, 'SelfSubjectAccessReview').status.allowed;
    },
  };
}
