import { expect, test } from 'vitest';
import { requestFields } from '../../../lib/core/base/log-fields.ts';

test('a line about a request says which, whose and of which trace', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  expect(requestFields({ id: 'r-1', tenant: 'acme', traceparent })).toEqual({
    requestId: 'r-1',
    tenant: 'acme',
    traceId: '0af7651916cd43dd8448eb211c80319c',
  });
  expect(requestFields({ id: 'r-1' })).toEqual({ requestId: 'r-1' });
});
