import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Values } from '../../core/helm/values.ts';
import { findValuesFault } from './check-values.ts';

/** One file of ustar, as far as the reader looks. */
function entry(path: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write(`${Buffer.byteLength(text).toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const content = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 512) * 512);
  content.write(text);
  return Buffer.concat([header, content]);
}

const chartWith = (schema: unknown) =>
  gzipSync(
    Buffer.concat([
      entry('web/Chart.yaml', 'apiVersion: v2\nname: web\nversion: 1.0.0\n'),
      entry('web/values.yaml', 'color: blue\nreplicas: 1\n'),
      ...(schema === undefined ? [] : [entry('web/values.schema.json', JSON.stringify(schema))]),
      entry('web/charts/db/values.schema.json', '{"required": ["never"]}'),
      Buffer.alloc(1_024),
    ]),
  );

const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  definitions: { color: { enum: ['blue', 'green'] } },
  properties: { color: { $ref: '#/definitions/color' }, replicas: { type: 'integer', minimum: 1 } },
  required: ['color'],
  additionalProperties: false,
};

describe('values over those of a chart', () => {
  test.each<{ values: Values; fault: string | undefined }>([
    { values: {}, fault: undefined },
    { values: { color: 'green', replicas: 3 }, fault: undefined },
    { values: { color: 'red' }, fault: '/color must be equal to one of the allowed values' },
    { values: { replicas: 'three' }, fault: '/replicas must be integer' },
    { values: { replicas: 0 }, fault: '/replicas must be >= 1' },
    { values: { colour: 'green' }, fault: '/ must not have additional properties' },
  ])('$values: $fault', async ({ values, fault }) => {
    await expect(findValuesFault(chartWith(schema), values)).resolves.toBe(fault);
  });

  test.each([
    { name: 'no schema', schema: undefined },
    { name: 'a schema that refers to elsewhere', schema: { $ref: 'https://example.com/schema.json' } },
  ])('with $name are left to Helm', async ({ schema: other }) => {
    await expect(findValuesFault(chartWith(other), { color: 7 })).resolves.toBeUndefined();
  });

  test('of what is no chart are refused', async () => {
    await expect(findValuesFault(Buffer.from('hello'), {})).rejects.toMatchObject({ code: 'HELM_CHART_INVALID' });
  });
});
