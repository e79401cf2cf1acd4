import { expect, test } from 'vitest';
import { optionalTraceparent, traceIdOf } from '../../lib/core/traceparent.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

test.each([
  `00-${TRACE_ID}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${PARENT_ID}-00`,
  `fe-${TRACE_ID}-${PARENT_ID}-ff`,
])('%s is one', (traceparent) => {
  expect(optionalTraceparent(traceparent)).toBe(traceparent);
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
])('%j is none', (value) => {
  expect(optionalTraceparent(value)).toBeUndefined();
});
