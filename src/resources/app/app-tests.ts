/** What is tried on a new version once it is healthy, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { tlsVersions } from '../../core/app-test/http-probe.ts';
import { DnsLabel, Duration, SecretReference, Text } from '../schema-parts.ts';
import {
  AnalysisTestSchema,
  HelmTestSchema,
  JobTestSchema,
  MetricTestSchema,
  WebhookTestSchema,
} from './app-test-kinds.ts';

const HeaderSchema = Type.Object({
  name: Type.String({ description: 'Name of the header.', minLength: 1, maxLength: 256 }),
  value: Text('Its value; {{fields}} are filled in.', 4096),
});

/** Exactly one of these says what a text must be. */
const TextMatchFields = {
  equals: Type.Optional(Text('The whole text; {{fields}} are filled in.', 4096)),
  contains: Type.Optional(Text('A part of the text; {{fields}} are filled in.', 4096)),
  pattern: Type.Optional(
    Type.String({ description: 'RE2 pattern that is found anywhere in it.', minLength: 1, maxLength: 512 }),
  ),
};

const ExpectSchema = Type.Object(
  {
    status: Type.Optional(
      Type.Array(Type.String({ pattern: '^[1-5]([0-9][0-9]|xx)$', maxLength: 3 }), {
        description: 'Which statuses are good, for example "204" or "2xx"; "2xx" when absent.',
        minItems: 1,
        maxItems: 16,
      }),
    ),
    headers: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ description: 'Name of the header.', minLength: 1, maxLength: 256 }),
          ...TextMatchFields,
        }),
        { description: 'Headers that the answer must have, and perhaps what they say.', maxItems: 16 },
      ),
    ),
    body: Type.Optional(
      Type.Array(Type.Object(TextMatchFields), { description: 'What the body must be or hold.', maxItems: 16 }),
    ),
    json: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({
            description: 'Where in the body, for example checks[0].status.',
            minLength: 1,
            maxLength: 512,
          }),
          ...TextMatchFields,
          min: Type.Optional(Type.Number({ description: 'The number there is at least this.' })),
          max: Type.Optional(Type.Number({ description: 'The number there is at most this.' })),
        }),
        { description: 'Fields that the body, read as JSON, must have, and perhaps what they say.', maxItems: 16 },
      ),
    ),
    maxDuration: Type.Optional(Duration('How long the answer may take.')),
  },
  { description: 'What the answer must be.' },
);

const TlsSchema = Type.Object(
  {
    clientSecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret of type kubernetes.io/tls (tls.crt, tls.key) by which the request says who asks.',
    }),
    serverName: Type.Optional(
      Type.String({
        description: 'DNS name that the certificate must bear; the host of url when absent.',
        pattern: '^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$',
        minLength: 1,
        maxLength: 253,
      }),
    ),
    minVersion: Type.Optional(
      Type.Enum([...tlsVersions], { description: 'The oldest version of TLS that is good.', default: '1.2' }),
    ),
  },
  { description: 'What is special to the connection, with an https url.' },
);

const HttpSchema = Type.Object(
  {
    service: Type.Optional(
      Type.Object(
        {
          name: Type.String({ description: 'Name of a Service of the namespace.', ...DnsLabel }),
          port: Type.Optional(
            Type.String({
              description: 'Number or name of its port.',
              pattern: '^[a-z0-9-]{1,15}$',
              maxLength: 15,
              default: '80',
            }),
          ),
          scheme: Type.Optional(Type.Enum(['http', 'https'], { description: 'What the pods speak.', default: 'http' })),
        },
        { description: 'The App by its Service, reached through the API server.' },
      ),
    ),
    url: Type.Optional(
      Type.String({
        description: 'In place of service: any http or https address.',
        pattern: '^https?://',
        maxLength: 2048,
      }),
    ),
    path: Type.Optional(
      Type.String({ description: 'Path and query, with service; / when absent.', pattern: '^/', maxLength: 2048 }),
    ),
    method: Type.Optional(Type.Enum(['GET', 'HEAD', 'POST', 'PUT'], { description: 'HTTP method.', default: 'GET' })),
    headers: Type.Optional(Type.Array(HeaderSchema, { description: 'Headers that are sent.', maxItems: 16 })),
    body: Type.Optional(Text('Body that is sent; {{fields}} are filled in.', 16_384)),
    caSecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret whose key ca.crt holds certificates (PEM) to trust, with url.',
    }),
    tls: Type.Optional(TlsSchema),
    attemptTimeout: Type.Optional(Duration('How long one request may take.', '10s')),
    expect: Type.Optional(ExpectSchema),
  },
  {
    description: 'A request to the App.',
    'x-kubernetes-validations': [
      { rule: 'has(self.service) != has(self.url)', message: 'exactly one of service and url must be set' },
    ],
  },
);

export const AppTestSchema = Type.Object(
  {
    name: Type.String({ description: 'Name of the test within the App.', ...DnsLabel }),
    timeout: Type.Optional(Duration('From its start to its verdict, over all attempts.', '5m')),
    interval: Type.Optional(Duration('Between two attempts.', '10s')),
    initialDelay: Type.Optional(Duration('Before the first attempt.', '0s')),
    count: Type.Optional(
      Type.Integer({ description: 'How many attempts have to pass.', minimum: 1, maximum: 1000, default: 1 }),
    ),
    failureLimit: Type.Optional(
      Type.Integer({
        description: 'How many attempts may fail; 2 with http, 0 with the others.',
        minimum: 0,
        maximum: 1000,
      }),
    ),
    inconclusiveLimit: Type.Optional(
      Type.Integer({ description: 'How many attempts may be inconclusive.', minimum: 0, maximum: 1000, default: 0 }),
    ),
    http: Type.Optional(HttpSchema),
    job: Type.Optional(JobTestSchema),
    helm: Type.Optional(HelmTestSchema),
    webhook: Type.Optional(WebhookTestSchema),
    metric: Type.Optional(MetricTestSchema),
    analysis: Type.Optional(AnalysisTestSchema),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '[has(self.http), has(self.job), has(self.helm), has(self.webhook), has(self.metric), has(self.analysis)].filter(x, x).size() == 1',
        message: 'exactly one of http, job, helm, webhook, metric and analysis must be set',
      },
    ],
  },
);

export const AppTestsSchema = Type.Array(AppTestSchema, {
  description: 'What is tried on a new version once it is healthy, one after the other.',
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
});

export type AppTestWire = Static<typeof AppTestSchema>;
export type HttpTestWire = Static<typeof HttpSchema>;
