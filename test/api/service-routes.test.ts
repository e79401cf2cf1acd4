import { expect, test } from 'vitest';
import { ServiceStatus } from '../../lib/api/service-schemas.ts';
import { exactly } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';

test('the status shows the load and whether the API would accept a request', async () => {
  const api = new ApiHarness();
  const load = { backlog: 7, completionsPerSecond: 0.5, predictedWaitSeconds: 14, maxWaitSeconds: 900 };
  api.admission.decision = { admitted: true, load };
  const response = await api.call('GET', '/v1/status');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(exactly(ServiceStatus, await response.json())).toEqual({ accepting: true, load });
});

test('the status shows what attempts took lately', async () => {
  const api = new ApiHarness();
  const work = { seconds: 65, attempts: 120, completed: 100, meanAttemptSeconds: 1.25 };
  api.admission.work = work;
  const status = exactly(ServiceStatus, await (await api.call('GET', '/v1/status')).json());
  expect(status).toMatchObject({ work });
});

test('the status shows a pause until it ends, and since when requests wait', async () => {
  const api = new ApiHarness();
  const now = api.harness.clock.now();
  api.admission.load = { pause: { until: now + 60_000, reason: 'the store is down' } };
  api.admission.oldestSentAt = now - 5_000;
  const read = async () => exactly(ServiceStatus, await (await api.call('GET', '/v1/status')).json());
  expect(await read()).toMatchObject({
    pause: { until: new Date(now + 60_000).toISOString(), reason: 'the store is down' },
    oldestWaitingSince: new Date(now - 5_000).toISOString(),
  });
  api.admission.load = { pause: { until: now, reason: '' } };
  expect(await read()).not.toHaveProperty('pause');
});

test('unknown parts of the load are omitted', async () => {
  const api = new ApiHarness();
  const load = { maxWaitSeconds: 900 };
  api.admission.decision = { admitted: false, reason: 'overloaded', retryAfterSeconds: 1, load };
  const response = await api.call('GET', '/v1/status');
  expect(exactly(ServiceStatus, await response.json())).toEqual({ accepting: false, load });
  // Reading the status is not an application for admission.
  expect(api.admission.applicants).toEqual([]);
});
