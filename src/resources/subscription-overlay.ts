/** `spec.overlay[]` of a Subscription: what one App has of its own in this cluster. */
import Type from 'typebox';
import { GatesSchema } from './gates.ts';
import { DnsLabel } from './schema-parts.ts';

export const OverlaySchema = Type.Object({
  app: Type.String({ description: 'Name of the App.', ...DnsLabel, maxLength: 52 }),
  namespace: Type.Optional(Type.String({ description: 'Where it goes here.', ...DnsLabel })),
  suspend: Type.Optional(Type.Boolean({ description: 'spec.suspend of the App.' })),
  gates: Type.Optional({ ...GatesSchema, description: 'Gates of this App alone.' }),
  values: Type.Optional(
    Type.Unsafe<Readonly<Record<string, unknown>>>({
      type: 'object',
      description:
        'Values of the Helm release, laid over those of the channel; they have to match the schema of the chart.',
      'x-kubernetes-preserve-unknown-fields': true,
    }),
  ),
});
