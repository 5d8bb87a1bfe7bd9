/** The Rejection as written in the cluster. */
import Type, { type Static } from 'typebox';
import { Text, Time } from '../schema-parts.ts';

/**
 * RFC 3339 to the letter. The API server's date-time lets pass what neither JavaScript nor RFC 3339 knows (`00:00:00,5Z`,
 * `+99:00`), and a Rejection that cannot be read would reject nothing.
 */
const timePattern = '^[0-9-]{10}[Tt][0-9:]{8}([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$';

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
    expiresAt: Type.Optional({
      ...Time('From when it may be taken again, with its zone, for example 2030-01-31T00:00:00Z; never when absent.'),
      pattern: timePattern,
    }),
  },
  { description: 'A version that must not be taken again. Deleting the object lifts it.' },
);

export type RejectionSpecWire = Static<typeof RejectionSpecSchema>;
