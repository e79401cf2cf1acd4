import { expect, test } from 'vitest';
import { eventTypeOf, sourceOf } from '../../../lib/core/model/event-names.ts';

test('the source names the service', () => {
  expect(sourceOf('Orders/EU 1')).toBe('/coatcheck/Orders%2FEU%201');
});

test('the type names how the request ended', () => {
  expect(eventTypeOf({ status: 'expired' })).toBe('coatcheck.request.expired');
});
