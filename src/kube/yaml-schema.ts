/**
 * Scalars as Kubernetes reads them: YAML 1.1 in the dialect of go.yaml.in/yaml/v2, which kubectl and the API server use.
 * `no`, `on` and `y` are booleans, 0777 is 511, 0o17 and 1_000 are numbers; times like 12:30 and dates stay text.
 */
import {
  boolYaml11Tag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  type Schema,
} from 'js-yaml';

let schema: Schema | undefined;

/** The schema for js-yaml. Made on first use, so that importing costs nothing. */
export function kubernetesYamlSchema(): Schema {
  schema ??= FAILSAFE_SCHEMA.withTags(nullYaml11Tag, boolYaml11Tag, intTag(), floatTag(), mergeTag);
  return schema;
}

const digits = [...'0123456789'];
const signs = ['-', '+'];

const wholePattern = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]+|0|[1-9][0-9]*)$/;

/** strconv.ParseInt with base 0; 08 is no octal number, so that it is left to floats, as in Go. */
function intTag() {
  return defineScalarTag<number>('tag:yaml.org,2002:int', {
    implicit: true,
    implicitFirstChars: [...signs, ...digits],
    resolve(source) {
      const [, sign = '', body] = wholePattern.exec(source.replaceAll('_', '')) ?? [];
      if (body === undefined) {
        return NOT_RESOLVED;
      }
      const isOldOctal = /^0[0-7]+$/.test(body);
      const size = isOldOctal ? Number.parseInt(body, 8) : Number(body);
      return sign === '-' && size !== 0 ? -size : size;
    },
    identify: Number.isInteger,
  });
}

const floatPattern = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** Infinity and NaN have no form in JSON, so that they stay text. */
function floatTag() {
  return defineScalarTag<number>('tag:yaml.org,2002:float', {
    implicit: true,
    implicitFirstChars: [...signs, '.', ...digits],
    resolve(source) {
      const plain = source.startsWith('.') ? source : source.replaceAll('_', '');
      const value = floatPattern.test(plain) ? Number(plain) : Number.NaN;
      return Number.isFinite(value) ? value : NOT_RESOLVED;
    },
    identify: (value) => typeof value === 'number',
  });
}
