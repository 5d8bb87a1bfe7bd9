import { describe, expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { type LogLevel, logLevels } from './log-level.ts';

function record(level: LogLevel = 'debug') {
  const lines: string[] = [];
  return { lines, log: createLogger(level, { write: (line) => lines.push(line) }) };
}

describe('a log line', () => {
  test('is one JSON object with level, time, message and fields', () => {
    const { lines, log } = record();

    log.warn('watch was interrupted', { code: 'API_GONE', attempt: 2, text: 'two\nlines \u001b[31m' });

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.any(Number),
      msg: 'watch was interrupted',
      code: 'API_GONE',
      attempt: 2,
      text: 'two\nlines \u001b[31m',
    });
  });

  test.each(logLevels)('of a level below %s is not written', (level) => {
    const { lines, log } = record(level);

    for (const each of logLevels) {
      log[each]('hello');
    }

    const written = lines.map((line) => JSON.parse(line).level);
    expect(written).toEqual(logLevels.slice(logLevels.indexOf(level)));
  });

  test.each([
    { where: 'at the top', fields: { password: 'hunter2' } },
    { where: 'in an object', fields: { credentials: { username: 'ann', password: 'hunter2' } } },
    { where: 'in an object in an object', fields: { access: { credentials: { password: 'hunter2' } } } },
    { where: 'in a header', fields: { request: { headers: { authorization: 'Basic hunter2' } } } },
    { where: 'in a header as undici spells it', fields: { request: { headers: { Authorization: 'Basic hunter2' } } } },
    { where: 'in a list', fields: { users: [{ token: 'hunter2' }] } },
    { where: 'as the data of a Secret', fields: { object: { data: { key: 'hunter2' } } } },
    { where: 'deep down', fields: { a: { b: { c: { d: { token: 'hunter2' } } } } } },
  ])('holds no secret $where', ({ fields }) => {
    const { lines, log } = record();

    log.error('oops', fields);

    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('[redacted]');
  });

  test('changes nothing in the object it is given', () => {
    const fields = { access: { password: 'hunter2' } };

    record().log.info('hello', fields);

    expect(fields).toEqual({ access: { password: 'hunter2' } });
  });

  test('about an object that contains itself is written all the same', () => {
    const { lines, log } = record();
    const circular: Record<string, unknown> = { name: 'web' };
    circular['self'] = circular;

    log.info('hello', { circular });

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'hello', circular: { name: 'web' } });
  });
});
