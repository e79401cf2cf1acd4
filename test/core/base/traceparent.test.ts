import { expect, test } from 'vitest';
import { readTraceContext, traceIdOf } from '../../../lib/core/base/traceparent.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

test.each([
  `00-${TRACE_ID}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${PARENT_ID}-00`,
  `fe-${TRACE_ID}-${PARENT_ID}-ff`,
])('%s is a traceparent', (traceparent) => {
  expect(readTraceContext({ traceparent })).toEqual({ traceparent });
  expect(traceIdOf(traceparent)).toBe(TRACE_ID);
});

test.each([
  undefined,
  null,
  5,
  '',
  `ff-${TRACE_ID}-${PARENT_ID}-01`,
  `00-${'0'.repeat(32)}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
  `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${PARENT_ID}-01-more`,
  `00-${TRACE_ID}-${PARENT_ID}`,
  ` 00-${TRACE_ID}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${PARENT_ID}-01\n`,
])('%j is no traceparent, and its tracestate is ignored', (traceparent) => {
  expect(readTraceContext({ traceparent, tracestate: 'a=1' })).toEqual({});
});

const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
const members = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join(',');

test.each([
  'congo=t61rcWkgMzE',
  'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
  ' rojo=1 ,\t congo=2',
  'fw529a3039@dt=FfD49AAAAAABB;2,,1a_-*/=a b!~',
  members(32),
  `a=${'x'.repeat(256)},b=${'x'.repeat(251)}`,
])('tracestate %j stays as it is', (tracestate) => {
  expect(readTraceContext({ traceparent, tracestate })).toEqual({ traceparent, tracestate });
});

test.each([
  undefined,
  5,
  '',
  ' , ',
  'congo',
  '=1',
  'Congo=1',
  'congo=',
  'congo=a=b',
  'congo=ä',
  'congo=1\n',
  'congo=1,rojo',
  members(33),
  `a=${'x'.repeat(257)}`,
  `a=${'x'.repeat(256)},b=${'x'.repeat(252)}`,
])('tracestate %j is ignored, and its traceparent is kept', (tracestate) => {
  expect(readTraceContext({ traceparent, tracestate })).toEqual({ traceparent });
});
