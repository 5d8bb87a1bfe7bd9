/** Pieces that several kinds share. */
import Type from 'typebox';
import { durationPattern } from '../core/duration.ts';
import { waitingReasons } from '../core/waiting.ts';

export const group = 'headgate.dev';
export const version = 'v1alpha1';

/** Of a name within an object. */
export const DnsLabel = { minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' };

/** Go-style duration text; the pattern keeps nonsense out at the API server. */
export function Duration(description: string, fallback?: string) {
  return Type.String({
    description: `${description} Written as 30s, 5m or 1h30m.`,
    pattern: durationPattern,
    maxLength: 32,
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}

/** Text of bounded length; the API server refuses longer ones, which also keeps CEL rules within their budget. */
export function Text(description: string, maxLength = 1024) {
  return Type.String({ description, maxLength });
}

export function Time(description: string) {
  return Type.String({ description, format: 'date-time' });
}

export const SecretReference = Type.Object({
  name: Type.String({ description: 'Name of a Secret in the same namespace.', minLength: 1, maxLength: 253 }),
});

export const ConditionSchema = Type.Object({
  type: Text('Kind of the condition, for example Ready.', 316),
  status: Type.Union([Type.Literal('True'), Type.Literal('False'), Type.Literal('Unknown')], {
    description: 'True, False or Unknown.',
  }),
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that the condition was set for.' }),
  ),
  lastTransitionTime: Time('When the status last changed.'),
  reason: Text('One word in CamelCase.'),
  message: Text('For people.', 32_768),
});

export const Conditions = Type.Array(ConditionSchema, {
  description: 'Ready, Reconciling and Stalled in the sense of kstatus; others by kind.',
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
});

export const WaitingSchema = Type.Object(
  {
    reason: Type.Enum([...waitingReasons], { description: 'One word; see the page on waiting.' }),
    message: Text('The same for people.', 32_768),
    until: Type.Optional(Time('When it may change by itself; absent when only an event can change it.')),
  },
  { description: 'Why it does not go on right now.' },
);

export const VersionSchema = Type.Object({
  tag: Type.Optional(Text('Tag.', 128)),
  digest: Type.Optional(Text('Digest, sha256:... of the index or manifest.', 256)),
});
