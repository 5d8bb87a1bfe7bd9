import { expect, test } from 'vitest';
import { parseRegistryLimits } from './registry-limits.ts';

const hour = 3_600_000;

test.each([
  [[], {}],
  [['docker.io=pulls:100/6h'], { 'docker.io': { pulls: { limit: 100, periodMs: 6 * hour } } }],
  [
    ['localhost:5000=requests:600/1m,concurrency:4', 'quay.io=concurrency:2'],
    {
      'localhost:5000': { requests: { limit: 600, periodMs: 60_000 }, concurrency: 4 },
      'quay.io': { concurrency: 2 },
    },
  ],
])('%j means %j', (texts, limits) => {
  expect(parseRegistryLimits(texts)).toEqual(limits);
});

test.each([
  ['docker.io', 'is not HOST=LIMITS'],
  ['docker.io=', 'is not HOST=LIMITS'],
  ['https://docker.io=pulls:1/1h', 'is not HOST=LIMITS'],
  ['docker.io=pull:1/1h', 'which is none of pulls, requests and concurrency'],
  ['docker.io=pulls:0/1h', 'has "0" for a number from 1 to 100000'],
  ['docker.io=pulls:100', 'has "" for a period from 1s to 24h'],
  ['docker.io=pulls:100/1d', 'has "1d" for a period from 1s to 24h'],
  ['docker.io=pulls:100/48h', 'has "48h" for a period from 1s to 24h'],
  ['docker.io=concurrency:101', 'has "101" for a number from 1 to 100'],
])('%s: %s', (text, problem) => {
  expect(() => parseRegistryLimits([text])).toThrow(problem);
});
