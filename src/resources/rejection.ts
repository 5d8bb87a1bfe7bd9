/** The Rejection as written in the cluster. */
import Type, { type Static } from 'typebox';
import { Text, Time } from './schema-parts.ts';

export const RejectionSpecSchema = Type.Object(
  {
    app: Type.Optional(Text('The App it holds for; every App of the namespace when absent.', 253)),
    repository: Type.Optional(Text('Repository of the image, for people.', 512)),
    tag: Type.Optional(Text('Tag under which it was met, for people; the digest decides.', 128)),
    digest: Type.String({
      description: 'Digest that must not be taken again, under whatever tag.',
      pattern: '^[a-z0-9]+:[a-f0-9]{32,128}$',
      maxLength: 256,
    }),
    reason: Text('Why, for people.', 32_768),
    author: Text('Who rejected it: a person, or the Update that went back.'),
    update: Type.Optional(Text('The Update that found it bad.', 253)),
    expiresAt: Type.Optional(Time('From when it may be taken again; never when absent.')),
  },
  { description: 'A version that must not be taken again. Deleting the object lifts it.' },
);

export type RejectionSpecWire = Static<typeof RejectionSpecSchema>;
