/** How objects of a kind are judged, in an App and in a file of its own: schema, and wire form -> what the product works with. */
import Type, { type Static } from 'typebox';
import { type Expression, maxExpressionLength, parseExpression } from '../../core/cel/expression.ts';
import { isFields } from '../../core/health/objects/fields.ts';
import type { HealthCheck } from '../../core/health/objects/health-checks.ts';
import { groupOf } from '../../core/manifest/manifest-object.ts';
import { decoderOf, invalidObject } from '../decode.ts';

function CelText(description: string) {
  return Type.String({ description, minLength: 1, maxLength: maxExpressionLength });
}

const HealthCheckSchema = Type.Object({
  apiVersion: Type.String({
    description: 'For example example.com/v1; its group counts, whatever the version.',
    minLength: 1,
    maxLength: 317,
  }),
  kind: Type.String({ description: 'For example Database.', minLength: 1, maxLength: 63 }),
  inProgress: Type.Optional(CelText('CEL expression, asked first: while it is true, the object is InProgress.')),
  failed: Type.Optional(CelText('CEL expression, asked second: when it is true, the object has Failed.')),
  current: CelText('CEL expression, asked last: when it is true, the object is Current; else it is InProgress.'),
});

export const HealthChecksSchema = Type.Array(HealthCheckSchema, {
  description:
    'How objects of some kinds are judged, instead of by the rules of kstatus: expressions over their fields, as in healthCheckExprs of Flux.',
  maxItems: 20,
});

export type HealthCheckWire = Static<typeof HealthCheckSchema>;

/**
 * @param field where they stand, for messages
 * @throws OBJECT_INVALID naming each wrong field, expression and what is wrong with it
 */
export function decodeHealthChecks(checks: readonly HealthCheckWire[], field: string): readonly HealthCheck[] {
  const problems: string[] = [];
  const decoded = checks.map((check, index) => {
    const where = `${field}[${index}]`;
    const read = (name: 'inProgress' | 'failed' | 'current') => {
      const text = check[name];
      const parsed = text === undefined ? undefined : parseExpression(text);
      if (parsed?.kind === 'Invalid') {
        problems.push(`${where}.${name}: ${JSON.stringify(text)} cannot be used: ${parsed.problem}`);
      }
      return parsed?.kind === 'Valid' ? parsed.expression : undefined;
    };
    const { kind } = check;
    const group = groupOf(check.apiVersion);
    const earlier = checks.findIndex((other) => other.kind === kind && groupOf(other.apiVersion) === group);
    if (earlier < index) {
      problems.push(
        `${where}: ${kind} of ${group || 'the core group'} has a check already, ${field}[${earlier}]; keep one`,
      );
    }
    return { group, kind, inProgress: read('inProgress'), failed: read('failed'), current: read('current') };
  });
  if (problems.length > 0) {
    throw invalidObject(field, problems);
  }
  return decoded.filter(hasCurrent);
}

function hasCurrent(
  check: Omit<HealthCheck, 'current'> & { readonly current: Expression | undefined },
): check is HealthCheck {
  return check.current !== undefined;
}

const decodeShape = decoderOf(Type.Object({ healthChecks: HealthChecksSchema }));

/**
 * Checks of a file: a list of them, an App, or a Kustomization or HelmRelease of Flux.
 *
 * @throws OBJECT_INVALID
 */
export function decodeHealthCheckFile(content: unknown, file: string): readonly HealthCheck[] {
  const [field, list] = findList(content);
  const { healthChecks } = decodeShape({ healthChecks: list }, file);
  return decodeHealthChecks(healthChecks, field);
}

function findList(content: unknown): readonly [string, unknown] {
  const spec = isFields(content) ? content['spec'] : undefined;
  if (!isFields(spec)) {
    return ['healthChecks', content];
  }
  const { healthCheckExprs, health } = spec;
  return healthCheckExprs === undefined
    ? ['spec.health.checks', isFields(health) ? health['checks'] : undefined]
    : ['spec.healthCheckExprs', healthCheckExprs];
}
