import { describe, expect, test } from 'vitest';
import { parseMirrorings } from './registry-mirrors.ts';

describe('a mirror', () => {
  test.each([
    ['docker.io=https://m.example', 'docker.io', { registry: 'm.example', prefix: '', insecure: false }],
    ['docker.io=https://m.example/', 'docker.io', { registry: 'm.example', prefix: '', insecure: false }],
    ['docker.io=https://m.example/hub/x/', 'docker.io', { registry: 'm.example', prefix: 'hub/x', insecure: false }],
    ['index.docker.io=https://m.example', 'docker.io', { registry: 'm.example', prefix: '', insecure: false }],
    ['ghcr.io=http://10.0.0.1:5000', 'ghcr.io', { registry: '10.0.0.1:5000', prefix: '', insecure: true }],
    [
      'r.example:5000=https://m.example:8443',
      'r.example:5000',
      { registry: 'm.example:8443', prefix: '', insecure: false },
    ],
  ])('%s is of %s at %j', (text, host, endpoint) => {
    expect(parseMirrorings([text], [])).toEqual([{ host, place: 'Before', endpoint }]);
    expect(parseMirrorings([], [text])).toEqual([{ host, place: 'Instead', endpoint }]);
  });

  test.each([
    ['docker.io', 'the mirror of "" is no plain address'],
    ['docker.io=', 'the mirror of "docker.io" is no plain address'],
    ['docker.io=m.example', 'the mirror of "docker.io" is no plain address'],
    ['docker.io=ftp://m.example', 'the mirror of "docker.io" is no plain address'],
    ['docker.io=https://me:hunter2@m.example', 'the mirror of "docker.io" is no plain address'],
    ['docker.io=https://m.example/?x=hunter2', 'the mirror of "docker.io" is no plain address'],
    ['=https://m.example', '"" is no registry'],
    ['hub=https://m.example', '"hub" is no registry'],
    ['docker.io/library=https://m.example', '"" is no registry'],
    ['docker.io=https://m.example/Hub', '"m.example/Hub" is no registry'],
  ])('%s is refused: %s', (text, part) => {
    expect(() => parseMirrorings([text], [])).toThrow(`--registry-mirror: ${part}`);
    expect(() => parseMirrorings([], [text])).toThrow('--registry-substitute: ');
    expect(() => parseMirrorings([text], [])).not.toThrow('hunter2');
  });

  test('is not before and in place of one registry', () => {
    const text = 'docker.io=https://m.example';

    expect(() => parseMirrorings([text], [text])).toThrow('docker.io has a mirror and a substitute; choose one');
  });
});
