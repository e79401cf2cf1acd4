import { expect, test } from 'vitest';
import { versionProblem } from '../../../lib/core/config/handler-version.ts';

test.each([
  '7',
  'v1.4.2-rc.1+build.5',
  '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
  `sha256:${'a'.repeat(64)}`,
  'x'.repeat(128),
])('a version is the name of a commit, a release, a build or an image: %s', (version) => {
  expect(versionProblem('version', version)).toBeUndefined();
});

test.each([
  ['', '""'],
  ['$LATEST', '"$LATEST"'],
  ['-1', '"-1"'],
  ['release 7', '"release 7"'],
  ['7\n', '"7\\n"'],
  ['größer', '"größer"'],
  [7, '7'],
])('what a tag can’t be is refused: %j', (version, shown) => {
  expect(versionProblem('version', version)).toBe(
    `version must have 1 to 128 letters, digits and . _ + : -, and start with a letter or digit, got ${shown}`,
  );
});

test('a version has at most 128 characters', () => {
  expect(versionProblem('COATCHECK_VERSION', 'x'.repeat(129))).toMatch(
    /^COATCHECK_VERSION must have 1 to 128 /,
  );
});
