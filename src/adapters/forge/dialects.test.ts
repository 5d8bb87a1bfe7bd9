/** What is asked of GitHub and GitLab fits the published descriptions of their APIs. Gitea is asked for real in gitea.server.test.ts. */
import { describe, expect, test } from 'vitest';
import { answers, descriptions, type FieldType, type Operation } from '../../../test/forge/api-descriptions.ts';
import type { ForgeCall } from './dialect.ts';
import { dialects } from './forge-client.ts';

const asked = { branch: 'headgate/shop/web-7', base: 'main', title: 'Update web', body: '* `web` 1 -> 2' };

describe.each(['GitHub', 'GitLab'] as const)('%s', (kind) => {
  const dialect = dialects[kind];
  const project = kind === 'GitHub' ? 'org/deploy' : 'group/sub/deploy';
  const calls = {
    find: dialect.find(project, asked),
    open: dialect.open(project, asked),
    read: dialect.read(project, 7),
    edit: dialect.edit(project, 7, asked),
    close: dialect.close(project, 7),
    comment: dialect.comment(project, 7, 'because'),
  };

  test.each(Object.entries<ForgeCall<unknown>>(calls))('%s is an operation of the API', (_, call) => {
    const operation = descriptions[kind].find((one) => one.method === call.method && pathPattern(one).test(call.path));

    expect(operation, `${call.method} ${call.path}`).toBeDefined();
    expect(misfits(call.query ?? {}, operation?.query ?? {})).toEqual([]);
    expect(misfits(call.body ?? {}, operation?.body ?? {})).toEqual([]);
    expect(Object.keys(call.body ?? {})).toEqual(expect.arrayContaining([...(operation?.required ?? [])]));
  });

  test.each([
    ['open', 'Open'],
    ['merged', 'Merged'],
    ['closed', 'Closed'],
  ] as const)('an answer that is %s', (name, state) => {
    expect(calls.read.decode(answers[kind][name])).toMatchObject({ number: 7, state });
    expect(calls.find.decode([answers[kind][name]])).toMatchObject({ number: 7, state });
    expect(calls.find.decode([])).toBeUndefined();
  });

  test('an answer that is none is refused', () => {
    expect(() => calls.read.decode({ message: 'hello' })).toThrow(expect.objectContaining({ code: 'OBJECT_INVALID' }));
  });

  test('the token stands in one header', () => {
    const headers = dialect.headers('secret');

    expect(Object.values(headers).filter((value) => value.includes('secret'))).toEqual(['Bearer secret']);
  });
});

test('a project with groups is one segment of the path at GitLab', () => {
  expect(dialects.GitLab.read('a/b c/d', 7).path).toBe('/projects/a%2Fb%20c%2Fd/merge_requests/7');
});

function pathPattern({ path }: Operation): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/?#]+')}$`);
}

function misfits(sent: Readonly<Record<string, unknown>>, described: Readonly<Record<string, FieldType>>): string[] {
  return Object.entries(sent).flatMap(([name, value]) =>
    fits(value, described[name]) ? [] : [`${name}: ${String(value)}`],
  );
}

function fits(value: unknown, type: FieldType | undefined): boolean {
  switch (type) {
    case undefined:
      return false;
    case 'integer':
      return /^\d+$/.test(String(value));
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return type.includes(String(value));
  }
}
