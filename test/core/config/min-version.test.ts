import { expect, test } from 'vitest';
import { isOlder, isTooOld, minVersionProblem } from '../../../lib/core/config/min-version.ts';

test.each([
  ['9', '10'],
  ['1.9', '1.10'],
  ['1', '1.0.1'],
  ['1.4.2', '2'],
  ['20261129120000', '20261129120001'],
])('%s is older than %s', (version, than) => {
  expect(isOlder(version, than)).toBe(true);
  expect(isOlder(than, version)).toBe(false);
});

test.each([
  ['7', '7'],
  ['1', '1.0.0'],
  ['007', '7'],
])('%s and %s are the same version', (one, other) => {
  expect([isOlder(one, other), isOlder(other, one)]).toEqual([false, false]);
});

test.each(['', '$LATEST', 'v7', '1.4.2-rc.1', '-1', '1.', '1.2.3.4.5', '1234567890123456', '7\n', 7])(
  '%j has no order, so it is refused',
  (minVersion) => {
    expect(minVersionProblem(minVersion)).toMatch(/^must be 1 to 4 whole numbers with dots between them/);
  },
);

test.each([
  [undefined, '6', false],
  ['7', '6', true],
  ['7', '7', false],
  ['7', '9f86d08', true],
  ['7', undefined, true],
])('a request for %s is too new for %s: %s', (minVersion, handlerVersion, expected) => {
  expect(isTooOld({ minVersion }, handlerVersion)).toBe(expected);
});
