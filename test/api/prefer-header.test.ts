import { expect, test } from 'vitest';
import { preferredWaitSeconds } from '../../lib/api/prefer-header.ts';

test.each([
  ['wait=5', 5],
  ['wait=0', 0],
  ['wait=20', 20],
  ['wait=21', 20],
  ['wait=99999999999', 20],
  [`wait=${'9'.repeat(400)}`, 20],
  ['wait="5"', 5],
  ['Wait = 5', 5],
  ['respond-async, wait=5', 5],
  ['wait=5, respond-async', 5],
  ['respond-async,wait=5;x=y', 5],
  ['handling=lenient;a="b" , wait=5', 5],
  // RFC 7240: the first counts.
  ['wait=5, wait=7', 5],
])('%s is %i seconds', (prefer, seconds) => {
  expect(preferredWaitSeconds(prefer)).toBe(seconds);
});

test.each([
  undefined,
  '',
  'respond-async',
  'wait',
  'wait=',
  'wait=soon',
  'wait=-1',
  'wait=1.5',
  'wait=5s',
  'wait=0x5',
  'wait=١٠',
  'dont-wait=5',
  'waiting=5',
])('%s is none', (prefer) => {
  expect(preferredWaitSeconds(prefer)).toBeUndefined();
});
