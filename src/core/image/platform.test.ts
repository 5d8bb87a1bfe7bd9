import { expect, test } from 'vitest';
import { formatPlatform, missingPlatforms, parsePlatform } from './platform.ts';

test.each(['linux/amd64', 'linux/arm/v7', 'windows/amd64'])('%s is a platform and is printed as it was', (text) => {
  const platform = parsePlatform(text);

  expect(platform && formatPlatform(platform)).toBe(text);
});

test.each(['', 'linux', 'linux/', 'Linux/amd64', 'linux/arm/v7/x', 'linux amd64'])('"%s" is none', (text) => {
  expect(parsePlatform(text)).toBeUndefined();
});

test.each<[readonly string[], readonly string[], readonly string[]]>([
  [['linux/amd64'], ['linux/amd64', 'linux/arm64'], []],
  [['linux/amd64', 'linux/arm64', 'linux/arm64'], ['linux/amd64'], ['linux/arm64']],
  [['linux/arm64'], ['linux/arm64/v8'], []],
  [['linux/arm/v7'], ['linux/arm/v6'], ['linux/arm/v7']],
  [['linux/arm/v7'], ['linux/arm'], ['linux/arm/v7']],
  [[], [], []],
])('of %j and offered %j there are missing %j', (wanted, offered, missing) => {
  const parse = (texts: readonly string[]) => texts.flatMap((text) => parsePlatform(text) ?? []);

  expect(missingPlatforms(parse(wanted), parse(offered)).map(formatPlatform)).toEqual(missing);
});
