/** Tests other than requests to the App, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { DnsLabel, Duration, SecretReference, Text } from '../schema-parts.ts';

const url = (description: string) =>
  Type.String({ description, pattern: '^https?://[^\\s@]+$', minLength: 8, maxLength: 2048 });

const name = (description: string) => Type.String({ description, minLength: 1, maxLength: 253 });

export const JobTestSchema = Type.Object(
  {
    template: Type.Record(Type.String(), Type.Unknown(), {
      description:
        'As jobTemplate of a CronJob. Its containers get HEADGATE_APP, HEADGATE_UPDATE, HEADGATE_VERSION, HEADGATE_DIGEST, HEADGATE_FROM and those of each source.',
      'x-kubernetes-preserve-unknown-fields': true,
    }),
    timeout: Type.Optional(Duration('How long one Job may run.', '5m')),
    inconclusiveExitCode: Type.Optional(
      Type.Integer({ description: 'The exit code by which it says that it could not tell.', minimum: 1, maximum: 255 }),
    ),
    serviceAccountName: Type.Optional(
      Type.String({ description: 'ServiceAccount with whose rights the Job is created.', ...DnsLabel, maxLength: 253 }),
    ),
  },
  { description: 'A Job; exit code 0 is a pass.' },
);

export const HelmTestSchema = Type.Object(
  { timeout: Type.Optional(Duration('How long one helm test may take.', '5m')) },
  { description: 'The tests of the chart, with deploy.helm.' },
);

export const WebhookTestSchema = Type.Object(
  {
    url: url('Who is asked to test, by POST.'),
    secretRef: { ...SecretReference, description: 'Secret whose key token both sides share; it signs the question.' },
    poll: Type.Optional(
      Type.Object(
        {
          url: url('What is asked for the outcome; {{id}} is that of the question.'),
          every: Type.Optional(Duration('How often.', '30s')),
        },
        { description: 'Ask for the outcome, instead of being called back.' },
      ),
    ),
  },
  { description: 'Somebody else tests, and says what it came to.' },
);

/** Written as text, because the API server takes no fractions in numbers without trouble. */
const amount = (description: string) =>
  Type.String({ description, pattern: '^[0-9]+(\\.[0-9]+)?%?$', minLength: 1, maxLength: 32 });

export const MetricTestSchema = Type.Object(
  {
    url: url('Address of a Prometheus, without /api/v1.'),
    secretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret with token, or username and password; ca.crt is trusted too.',
    }),
    query: Type.String({
      description: 'PromQL that gives one value; {{fields}} are filled in.',
      minLength: 1,
      maxLength: 4096,
    }),
    min: Type.Optional(Type.Number({ description: 'The value is at least this.' })),
    max: Type.Optional(Type.Number({ description: 'The value is at most this.' })),
    baseline: Type.Optional(
      Type.Object(
        {
          offset: Type.Optional(Duration('How long before the version was put in place.', '0s')),
          maxIncrease: Type.Optional(amount('How much more it may be, for example 0.05 or 10%.')),
          maxDecrease: Type.Optional(amount('How much less it may be, for example 0.05 or 10%.')),
        },
        { description: 'Compare with the value of before the Update.' },
      ),
    ),
  },
  { description: 'A value that Prometheus knows.' },
);

export const AnalysisTestSchema = Type.Object(
  {
    templateName: name('Name of an AnalysisTemplate of Argo Rollouts in the namespace.'),
    clusterScope: Type.Optional(Type.Boolean({ description: 'It is a ClusterAnalysisTemplate.', default: false })),
    arguments: Type.Optional(
      Type.Array(
        Type.Object({
          name: name('Name of the argument.'),
          value: Text('Its value; {{fields}} are filled in.', 4096),
        }),
        { description: 'Values of its arguments.', maxItems: 32 },
      ),
    ),
  },
  { description: 'The metrics of an AnalysisTemplate, with providers prometheus, web and job.' },
);

export type JobTestWire = Static<typeof JobTestSchema>;
export type WebhookTestWire = Static<typeof WebhookTestSchema>;
export type MetricTestWire = Static<typeof MetricTestSchema>;
export type AnalysisTestWire = Static<typeof AnalysisTestSchema>;
