import { expect, test } from 'vitest';
import { traceContextOfHeader } from '../../lib/lambda/xray-header.ts';

const ROOT = '1-0af76519-16cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test.each([
  [`Root=${ROOT};Parent=${PARENT};Sampled=1`, '01'],
  [`Root=${ROOT};Parent=${PARENT};Sampled=0;Lineage=1:a87bd80c:0`, '00'],
  [`Self=1-67891234-12456789abcdef012345678;Root=${ROOT}; Parent=${PARENT}`, '00'],
  [`Sampled=?;Parent=${PARENT};Root=${ROOT}`, '00'],
])('%s', (header, flags) => {
  const traceparent = `00-0af7651916cd43dd8448eb211c80319c-${PARENT}-${flags}`;
  expect(traceContextOfHeader(header)).toEqual({ traceparent });
});

test.each([
  undefined,
  '',
  'what is that',
  `Root=${ROOT};Sampled=1`,
  `Parent=${PARENT};Sampled=1`,
  `Root=${ROOT};Parent=b7ad6b716920333;Sampled=1`,
  `Root=1-0af76519-16cd43dd8448eb211c80319;Parent=${PARENT};Sampled=1`,
  `Root=2-0af76519-16cd43dd8448eb211c80319c;Parent=${PARENT};Sampled=1`,
  `Root=${ROOT};Parent=${'0'.repeat(16)};Sampled=1`,
])('%j names no segment', (header) => {
  expect(traceContextOfHeader(header)).toEqual({});
});
