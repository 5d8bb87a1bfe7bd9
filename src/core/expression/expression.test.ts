import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { parseExpression } from './parse.ts';

test.each<readonly [string, unknown, unknown]>([
  ['result[0] >= 0.95', [0.95], true],
  ['result[0] >= 0.95', [0.94], false],
  ['len(result) == 0 || result[0] < 0.05', [], true],
  ['len(result) > 0 and isNaN(result[0])', [Number.NaN], true],
  ['isInf(result[0])', [Number.POSITIVE_INFINITY], true],
  ['result == "true"', 'true', true],
  ['result.status == "ok" && result.count > 3', { status: 'ok', count: 4 }, true],
  ['result["a b"].c in ["x", "y"]', { 'a b': { c: 'y' } }, true],
  ['asInt(result) == 3 && asFloat(result) > 3.1', '3.5', true],
  ['default(result.missing, 7) == 7', {}, true],
  ['isNil(result.missing)', {}, true],
  ['not (result < 1)', 1, true],
  ['!(result < 1) ? "big" : "small"', 1, 'big'],
  ['1 + 2 * 3 - 4 / 2 == 5', 0, true],
  ['-result[-1] == -3', [1, 2, 3], true],
  ['result contains "ell" && result startsWith "h" && result endsWith "o"', 'hello', true],
  ["result == 'it\\'s'", "it's", true],
  ['"b" in result', { b: 1 }, true],
  ['true || result[5] == 1', [], true],
])('%s of %j is %j', (source, result, expected) => {
  expect(evaluate(parseExpression(source, 'successCondition'), result)).toEqual({ kind: 'Value', value: expected });
});

test.each<readonly [string, unknown, string]>([
  ['result[0] > 1', [], 'there is no [0] in a list of 0'],
  ['result > 1', 'x', '"x" is no number'],
  ['result && true', 1, '1 is neither true nor false'],
  ['result.a', 5, '5 has no member "a"'],
  ['len(result)', 5, '5 has no length'],
])('%s of %j does not fit: %s', (source, result, message) => {
  expect(evaluate(parseExpression(source, 'x'), result)).toEqual({ kind: 'Error', message });
});

test.each([
  ['', 'the condition has "its end" where a value should stand'],
  ['result >', 'has "its end" where a value should stand'],
  ['result > 1 2', 'has "2" where it should end'],
  ['all(result, {# > 1})', 'cannot be read at "{# > 1})"'],
  ['filter(result)', 'names "filter"; there are result, len'],
  ['process.exit(1)', 'names "process"'],
  ['result[0', 'has "its end" where "]" should stand'],
  ['result.1', 'has "1" where a name should stand'],
  ['"open', 'cannot be read at ""open"'],
  [`${'('.repeat(40)}1`, 'is nested more than 32 times'],
  [`${'!'.repeat(40)}true`, 'is nested more than 32 times'],
  ['1+'.repeat(600), 'has 1200 characters; 1024 is the most'],
])('%s is refused: %s', (source, problem) => {
  expect(() => parseExpression(source, 'successCondition')).toThrow(`successCondition: the condition`);
  expect(() => parseExpression(source, 'successCondition')).toThrow(problem);
});
