/** ResourceQuota, PodDisruptionBudget and what pods of a workload want: wire form -> what the product works with. */
import Type from 'typebox';
import type { DisruptionBudget, PodDemand, Quota } from '../../core/preflight/preflight.ts';
import { parseQuantity } from '../../core/preflight/quantity.ts';
import { decoderOf } from '../decode.ts';

const Amounts = Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])));
const Texts = Type.Optional(Type.Record(Type.String(), Type.String()));
const Name = Type.Object({ name: Type.String() });

const decodeQuotaShape = decoderOf(
  Type.Object({
    metadata: Name,
    spec: Type.Optional(
      Type.Object({ scopes: Type.Optional(Type.Array(Type.String())), scopeSelector: Type.Optional(Type.Unknown()) }),
    ),
    status: Type.Optional(Type.Object({ hard: Amounts, used: Amounts })),
  }),
);

/** Undefined for a quota that holds for some pods only. @throws OBJECT_INVALID */
export function decodeQuota(object: unknown, what: string): Quota | undefined {
  const { metadata, spec, status } = decodeQuotaShape(object, what);
  const isScoped = (spec?.scopes ?? []).length > 0 || spec?.scopeSelector !== undefined;
  const texts = (amounts: Readonly<Record<string, string | number>> = {}) =>
    Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
  return isScoped ? undefined : { name: metadata.name, hard: texts(status?.hard), used: texts(status?.used) };
}

const decodeBudgetShape = decoderOf(
  Type.Object({
    metadata: Name,
    spec: Type.Optional(
      Type.Object({
        selector: Type.Optional(
          Type.Object({
            matchLabels: Texts,
            matchExpressions: Type.Optional(
              Type.Array(
                Type.Object({
                  key: Type.String(),
                  operator: Type.String(),
                  values: Type.Optional(Type.Array(Type.String())),
                }),
              ),
            ),
          }),
        ),
      }),
    ),
    status: Type.Optional(
      Type.Object({ currentHealthy: Type.Optional(Type.Integer()), desiredHealthy: Type.Optional(Type.Integer()) }),
    ),
  }),
);

/** Undefined for one without a selector, which chooses nothing. @throws OBJECT_INVALID */
export function decodeBudget(object: unknown, what: string): DisruptionBudget | undefined {
  const { metadata, spec, status } = decodeBudgetShape(object, what);
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  return spec?.selector === undefined
    ? undefined
    : {
        name: metadata.name,
        selector: {
          matchLabels,
          matchExpressions: matchExpressions.map(({ values = [], ...one }) => ({ ...one, values })),
        },
        currentHealthy: status?.currentHealthy ?? 0,
        desiredHealthy: status?.desiredHealthy ?? 0,
      };
}

const decodeDemandShape = decoderOf(
  Type.Object({
    metadata: Name,
    spec: Type.Object({
      replicas: Type.Optional(Type.Integer()),
      strategy: Type.Optional(
        Type.Object({
          type: Type.Optional(Type.String()),
          rollingUpdate: Type.Optional(
            Type.Object({ maxSurge: Type.Optional(Type.Union([Type.Integer(), Type.String()])) }),
          ),
        }),
      ),
      template: Type.Optional(
        Type.Object({
          metadata: Type.Optional(Type.Object({ labels: Texts })),
          spec: Type.Object({
            containers: Type.Array(
              Type.Object({ resources: Type.Optional(Type.Object({ requests: Amounts, limits: Amounts })) }),
            ),
          }),
        }),
      ),
    }),
  }),
);

/** Pods that a rollout makes before it ends others: those of a Deployment beyond its replicas. @throws OBJECT_INVALID */
export function decodeDemand(kind: string, object: unknown): PodDemand {
  const { metadata, spec } = decodeDemandShape(object, kind);
  const { replicas = 1, strategy, template } = spec;
  const surges = kind === 'Deployment' && strategy?.type !== 'Recreate';
  const amounts = new Map<string, number>();
  for (const { resources } of template?.spec.containers ?? []) {
    // What has a limit and no request requests its limit.
    const requests = { ...resources?.limits, ...resources?.requests };
    add(amounts, 'requests', requests);
    add(amounts, 'limits', resources?.limits ?? {});
  }
  return {
    name: `${kind} ${metadata.name}`,
    pods: surges ? surgeOf(strategy?.rollingUpdate?.maxSurge ?? '25%', replicas) : 0,
    amounts,
    labels: template?.metadata?.labels ?? {},
  };
}

function add(amounts: Map<string, number>, prefix: string, more: Readonly<Record<string, string | number>>): void {
  for (const [name, text] of Object.entries(more)) {
    const key = `${prefix}.${name}`;
    amounts.set(key, (amounts.get(key) ?? 0) + (parseQuantity(String(text)) ?? 0));
  }
}

/** A share is rounded up, as the Deployment's controller does. */
function surgeOf(maxSurge: number | string, replicas: number): number {
  const [, percent] = /^(\d+)%$/.exec(String(maxSurge)) ?? [];
  return percent === undefined ? Number(maxSurge) || 0 : Math.ceil((Number(percent) * replicas) / 100);
}
