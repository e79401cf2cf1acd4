import { expect, test } from 'vitest';
import { positionOfTraceparent, readTraceHeader, traceparentOfHeader } from '../../lib/lambda/xray-header.ts';

const ROOT = '1-0af76519-16cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-0af7651916cd43dd8448eb211c80319c-${PARENT}`;

test.each([
  [`Root=${ROOT};Parent=${PARENT};Sampled=1`, true],
  [`Root=${ROOT};Parent=${PARENT};Sampled=0;Lineage=1:a87bd80c:0`, false],
  [`Self=1-67891234-12456789abcdef012345678;Root=${ROOT}; Parent=${PARENT}`, false],
  [`Sampled=?;Parent=${PARENT};Root=${ROOT}`, false],
])('%s', (header, sampled) => {
  expect(readTraceHeader(header)).toEqual({ traceId: ROOT, parentId: PARENT, sampled });
  expect(traceparentOfHeader(header)).toBe(`${TRACEPARENT}-${sampled ? '01' : '00'}`);
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
])('%j names no segment', (header) => {
  expect(readTraceHeader(header)).toBeUndefined();
  expect(traceparentOfHeader(header)).toBeUndefined();
});

test('a parent of nothing but zeros is none for W3C', () => {
  expect(traceparentOfHeader(`Root=${ROOT};Parent=${'0'.repeat(16)};Sampled=1`)).toBeUndefined();
});

test.each([
  ['00', false],
  ['01', true],
  ['fe', false],
  ['ff', true],
])('a trace parent with the flags %s, as X-Ray writes it', (flags, sampled) => {
  expect(positionOfTraceparent(`${TRACEPARENT}-${flags}`)).toEqual({
    traceId: ROOT,
    parentId: PARENT,
    sampled,
  });
});
