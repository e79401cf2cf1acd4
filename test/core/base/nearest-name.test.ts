import { expect, test } from 'vitest';
import { nearestName } from '../../../lib/core/base/nearest-name.ts';

const KNOWN = ['retry', 'queue', 'payloads', 'api', 'maxAttempts'];

test.each([
  ['rety', 'retry'],
  ['quue', 'queue'],
  ['qeueu', 'queue'],
  ['payload', 'payloads'],
  ['maxattempts', 'maxAttempts'],
  ['MAXATEMPTS', 'maxAttempts'],
  ['retries', undefined],
  ['function', undefined],
  ['ai', 'api'],
  ['xyz', undefined],
  ['', undefined],
])('%j means %j', (name, meant) => {
  expect(nearestName(name, KNOWN)).toBe(meant);
});
