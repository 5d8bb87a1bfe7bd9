/** `spec.reports` of a Channel, and `spec.report` of a Subscription: outcomes that clusters tell, where both wish it. */
import Type from 'typebox';
import { SecretReference } from '../schema-parts.ts';
import { ReleaseName } from './release.ts';

export const ChannelReportsSchema = Type.Object(
  {
    secretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret whose key token holds what clusters have to know to report; anybody may when absent.',
    }),
    pauseAt: Type.Optional(
      Type.Object(
        {
          failures: Type.Optional(
            Type.Integer({ description: 'So many clusters went back.', minimum: 1, maximum: 10_000, default: 3 }),
          ),
          percent: Type.Optional(
            Type.Number({
              description: 'And they are this share of those that reported.',
              minimum: 0,
              maximum: 100,
              default: 5,
            }),
          ),
        },
        { description: 'When no more clusters take the newest Release by themselves.' },
      ),
    ),
    unpaused: Type.Optional(
      Type.Array(Type.String(ReleaseName), {
        description: 'Releases that spread whatever is reported.',
        maxItems: 100,
      }),
    ),
  },
  { description: 'Take reports of outcomes from clusters (--report-listen), and pause a Release that goes wrong.' },
);

export const SubscriptionReportSchema = Type.Object(
  {
    url: Type.String({
      description: 'Where the hub takes reports: https://host/reports/NAMESPACE/CHANNEL.',
      pattern: '^https?://[^ ]+$',
      maxLength: 1024,
    }),
    secretRef: Type.Optional({ ...SecretReference, description: 'Secret whose key token the hub asks for.' }),
    certSecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret whose key ca.crt holds certificates (PEM) to trust for the url.',
    }),
  },
  {
    description:
      'Tell the hub whether each Release succeeded here or went back: the names of channel and Release, the outcome, and a signature by a key made for this alone. Nothing is told when absent.',
  },
);
