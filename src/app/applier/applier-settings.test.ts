import { describe, expect, test } from 'vitest';
import { type ApplierVariable, applierVariables, readApplierSettings } from './applier-settings.ts';

function read(variables: Partial<Record<ApplierVariable, string>>) {
  const unset = Object.fromEntries(applierVariables.map((name) => [name, undefined]));
  return readApplierSettings({ ...unset, ...variables } as Record<ApplierVariable, string | undefined>);
}

test('REPO_PATH is enough, and the others are as in kube-applier', () => {
  expect(read({ REPO_PATH: '/repo', LOG_LEVEL: '' })).toEqual({
    repositoryPath: '/repo',
    listenPort: undefined,
    blacklistPath: undefined,
    whitelistPath: undefined,
    pollIntervalMs: 5_000,
    fullRunIntervalMs: 300_000,
    diffUrlFormat: undefined,
    logLevel: 'info',
  });
});

test('everything can be said', () => {
  const settings = read({
    REPO_PATH: '/repo',
    LISTEN_PORT: '2020',
    BLACKLIST_PATH: '/etc/blacklist',
    WHITELIST_PATH: 'lists/white',
    POLL_INTERVAL_SECONDS: '1',
    FULL_RUN_INTERVAL_SECONDS: '60',
    DIFF_URL_FORMAT: 'https://git.example/%s',
    LOG_LEVEL: '6',
  });

  expect(settings).toEqual({
    repositoryPath: '/repo',
    listenPort: 2020,
    blacklistPath: '/etc/blacklist',
    whitelistPath: '/repo/lists/white',
    pollIntervalMs: 1_000,
    fullRunIntervalMs: 60_000,
    diffUrlFormat: 'https://git.example/%s',
    logLevel: 'debug',
  });
});

describe('is refused with its name', () => {
  test.each([
    [{}, 'REPO_PATH is not set'],
    [{ REPO_PATH: '/r', LISTEN_PORT: 'http' }, 'LISTEN_PORT "http" is no whole number from 0 to 65535'],
    [{ REPO_PATH: '/r', LISTEN_PORT: '70000' }, 'LISTEN_PORT "70000"'],
    [{ REPO_PATH: '/r', POLL_INTERVAL_SECONDS: '0' }, 'POLL_INTERVAL_SECONDS "0" is no whole number from 1'],
    [{ REPO_PATH: '/r', POLL_INTERVAL_SECONDS: '5s' }, 'POLL_INTERVAL_SECONDS "5s"'],
    [{ REPO_PATH: '/r', FULL_RUN_INTERVAL_SECONDS: '-1' }, 'FULL_RUN_INTERVAL_SECONDS "-1"'],
    [{ REPO_PATH: '/r', DIFF_URL_FORMAT: 'https://git.example/' }, 'DIFF_URL_FORMAT "https://git.example/" has no %s'],
    [{ REPO_PATH: '/r', LOG_LEVEL: 'loud' }, 'LOG_LEVEL "loud" is neither a number nor one of debug, info'],
  ] as const)('%j: %s', (variables, message) => {
    expect(() => read(variables)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
    );
  });
});
