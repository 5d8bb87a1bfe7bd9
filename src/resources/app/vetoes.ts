/** What is asked before an Update begins, as written in the cluster. */
import Type, { type Static } from 'typebox';
import { Duration, SecretReference } from '../schema-parts.ts';

const url = Type.String({
  description: 'http or https; not this machine, a metadata server or the API server.',
  pattern: '^https?://[^\\s@]+$',
  maxLength: 2_048,
});
const secretRef = Type.Optional(
  Type.Object(
    { name: SecretReference.properties.name },
    { description: 'Secret with `token`, or `username` and `password`; `ca.crt` is trusted too.' },
  ),
);

export const VetoSchema = Type.Object(
  {
    name: Type.String({
      description: 'How messages name it.',
      minLength: 1,
      maxLength: 63,
      pattern: '^[A-Za-z0-9._ -]+$',
    }),
    http: Type.Optional(
      Type.Object(
        { url, secretRef },
        {
          description:
            'GET of a URL: 204, or 200 with the text ok, is go; 423, 409, or JSON {"veto": reason, "until": time} is wait.',
        },
      ),
    ),
    metric: Type.Optional(
      Type.Object(
        {
          url,
          secretRef,
          query: Type.String({
            description:
              'PromQL as in an alerting rule: what it gives is a veto, a scalar of 0 and nothing at all are none.',
            minLength: 1,
            maxLength: 4_096,
          }),
          whenEmpty: Type.Optional(
            Type.Enum(['Go', 'Wait'], { description: 'What a query that gives nothing says.', default: 'Go' }),
          ),
        },
        { description: 'A condition over metrics, asked of Prometheus.' },
      ),
    ),
    alerts: Type.Optional(
      Type.Object(
        {
          url,
          secretRef,
          matchers: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 512 }), {
              description: 'Alerts that count, for example severity="critical"; any when absent.',
              maxItems: 16,
            }),
          ),
        },
        { description: 'Alerts that fire and are not silenced or inhibited, asked of an Alertmanager.' },
      ),
    ),
    cel: Type.Optional(
      Type.Object(
        {
          expression: Type.String({
            description:
              'CEL over `objects`, all objects of the App, for example objects.exists(o, o.metadata.labels["busy"] == "yes"); true is a veto.',
            minLength: 1,
            maxLength: 2_048,
          }),
        },
        { description: 'A condition over the objects of the App.' },
      ),
    ),
    onError: Type.Optional(
      Type.Enum(['Wait', 'Ignore'], {
        description: 'What becomes of an Update while it cannot be asked.',
        default: 'Wait',
      }),
    ),
    every: Type.Optional(Duration('How often it is asked while an Update waits; at least 10s.', '1m')),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '[has(self.http), has(self.metric), has(self.alerts), has(self.cel)].filter(x, x).size() == 1',
        message: 'exactly one of http, metric, alerts and cel must be set',
      },
    ],
  },
);

export type VetoWire = Static<typeof VetoSchema>;
