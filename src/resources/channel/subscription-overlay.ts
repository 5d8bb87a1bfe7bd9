/** `spec.overlay[]` of a Subscription: what one App has of its own in this cluster. */
import Type from 'typebox';
import { GatesSchema } from '../app/gates.ts';
import { PatchesSchema } from '../app/helm-deploy.ts';
import { DnsLabel } from '../schema-parts.ts';

const ObjectName = Type.String({ description: 'Name of the object.', minLength: 1, maxLength: 253 });

const ReplicasSchema = Type.Object({
  kind: Type.Optional(
    Type.Enum(['Deployment', 'StatefulSet'], { description: 'Kind of the object.', default: 'Deployment' }),
  ),
  name: ObjectName,
  count: Type.Integer({ description: 'spec.replicas.', minimum: 0, maximum: 10_000 }),
});

const HostSchema = Type.Object({
  kind: Type.Optional(
    Type.Enum(['Ingress', 'HTTPRoute'], {
      description:
        'Kind of the object. Of an Ingress the host of the first rule is set, of an HTTPRoute all its host names.',
      default: 'Ingress',
    }),
  ),
  name: ObjectName,
  host: Type.String({
    description: 'Host name here, for example shop.example.com.',
    pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$',
    maxLength: 253,
  }),
});

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
  replicas: Type.Optional(
    Type.Array(ReplicasSchema, { description: 'Replicas of what the chart makes, over its values.', maxItems: 50 }),
  ),
  hosts: Type.Optional(
    Type.Array(HostSchema, { description: 'Host names of what the chart makes, over its values.', maxItems: 50 }),
  ),
  patches: Type.Optional({
    ...PatchesSchema,
    description: 'Patches of kustomize for what the chart makes, after those of the channel.',
    maxItems: 50,
  }),
});
