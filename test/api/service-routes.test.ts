import { expect, test } from 'vitest';
import { ServiceStatus } from '../../lib/api/schemas.ts';
import { exactly } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';

test('the status tells the load, and whether a request would be taken', async () => {
  const api = new ApiHarness();
  const load = { backlog: 7, completionsPerSecond: 0.5, predictedWaitSeconds: 14, maxWaitSeconds: 900 };
  api.admission.decision = { admitted: true, load };
  const response = await api.call('GET', '/v1/status');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(exactly(ServiceStatus, await response.json())).toEqual({ accepting: true, load });
});

test('what isn’t known of the load is left out', async () => {
  const api = new ApiHarness();
  const load = { maxWaitSeconds: 900 };
  api.admission.decision = { admitted: false, reason: 'overloaded', retryAfterSeconds: 1, load };
  const response = await api.call('GET', '/v1/status');
  expect(exactly(ServiceStatus, await response.json())).toEqual({ accepting: false, load });
  // Asking is no application.
  expect(api.admission.applicants).toEqual([]);
});
