import { expect, test } from 'vitest';
import { parseRequirements, type WrittenRequirements } from './requirements.ts';

const hour = 3_600_000;
const arm = { os: 'linux', architecture: 'arm64' };

test.each<[WrittenRequirements, object | undefined]>([
  [{}, undefined],
  [{ minimumAge: '0s', platforms: [] }, undefined],
  [{ minimumAge: '72h' }, { minimumAgeMs: 72 * hour }],
  [{ platforms: ['Nodes'] }, { platforms: { ofNodes: true, named: [] } }],
  [{ platforms: ['linux/arm64', 'Nodes'] }, { platforms: { ofNodes: true, named: [arm] } }],
])('%j means %j', (written, requirements) => {
  expect(parseRequirements(written, 'policy')).toEqual(requirements);
});

test.each<[WrittenRequirements, string]>([
  [{ minimumAge: '3d' }, 'policy.minimumAge: "3d" is no duration of at most a year; write for example 72h'],
  [{ minimumAge: '9000h' }, 'policy.minimumAge: "9000h"'],
  [{ platforms: ['nodes'] }, 'policy.platforms[0]: "nodes" is no platform; write for example linux/arm64, or Nodes'],
])('%j is refused: %s', (written, message) => {
  expect(() => parseRequirements(written, 'policy')).toThrow(message);
});
