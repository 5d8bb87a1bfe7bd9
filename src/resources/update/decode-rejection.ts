/** Rejection: wire form -> what the product works with. */
import Type from 'typebox';
import type { Rejection } from '../../core/app/rejection.ts';
import { decoderOf } from '../decode.ts';
import { Metadata } from '../metadata.ts';
import { RejectionSpecSchema } from './rejection.ts';

const decodeShape = decoderOf(Type.Object({ metadata: Metadata, spec: RejectionSpecSchema }));

/**
 * Reads a Rejection.
 *
 * @throws OBJECT_INVALID
 */
export function decodeRejection(object: unknown, what: string): Rejection {
  const { metadata, spec } = decodeShape(object, what);
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    app: spec.app,
    digest: spec.digest,
    tag: spec.tag,
    reason: spec.reason,
    author: spec.author,
    ...(spec.update === undefined ? {} : { update: spec.update }),
    expiresAt: spec.expiresAt === undefined ? undefined : new Date(spec.expiresAt),
  };
}
