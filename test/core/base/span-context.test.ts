import { expect, test } from 'vitest';
import { spanContextOf, traceContextOf } from '../../../lib/core/base/span-context.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

test.each([
  [`00-${TRACE_ID}-${PARENT_ID}-01`, undefined],
  [`00-${TRACE_ID}-${PARENT_ID}-00`, 'rojo=1'],
  [`00-${TRACE_ID}-${PARENT_ID}-ff`, 'rojo=1,congo=2'],
])('%s with %j there and back', (traceparent, tracestate) => {
  const spanContext = spanContextOf({ traceparent, tracestate });
  expect(spanContext).toMatchObject({ traceId: TRACE_ID, spanId: PARENT_ID, isRemote: true });
  expect(spanContext && traceContextOf(spanContext)).toEqual({ traceparent, tracestate });
});

test('no traceparent is no span context', () => {
  expect(spanContextOf({})).toBeUndefined();
});
