import { expect, test } from 'vitest';
import { readPlatforms } from './system.ts';

test.each([
  ['linux/amd64', ['amd64']],
  ['linux/arm64,linux/amd64', ['arm64', 'amd64']],
] as const)('"%s" are images for %j', (text, expected) => {
  expect(readPlatforms(text)).toEqual(expected);
});

test.each([
  ['linux/riscv64', 'no image is made for "linux/riscv64"; known: linux/amd64, linux/arm64'],
  ['arm64', 'no image is made for "arm64"'],
  ['linux/amd64, linux/arm64', 'no image is made for " linux/arm64"'],
  ['', 'no image is made for ""'],
  ['linux/arm64,linux/arm64', 'names one twice'],
])('"%s" is refused: %s', (text, message) => {
  expect(() => readPlatforms(text)).toThrow(message);
});
