import { expect, test } from 'vitest';
import { problemIn, requestIn } from '../support/api-answers.ts';
import { openServedService } from '../support/served-service.ts';

async function openApi(options?: Parameters<typeof openServedService>[1]) {
  const { url, clock } = await openServedService(undefined, options);
  const call = (method: string, path: string, headers = {}, body?: object) =>
    fetch(`${url}/v1/schedules${path}`, {
      method,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      body: body && JSON.stringify(body),
    });
  await call('POST', '', {}, { name: 'stock', everyMinutes: 15, json: { x: 6 } });
  const run = (headers?: object) => call('POST', '/stock/run', headers);
  return { url, clock, call, run };
}

test('a run of a schedule answers with its request and the URL of that', async () => {
  const { url, clock, call, run } = await openApi();
  const response = await run({ 'idempotency-key': 'deploy-42' });
  const location = response.headers.get('location') ?? '';
  expect(response.headers.get('coatcheck-load')).toContain('max-wait=');
  const request = await requestIn(response, 202);
  expect(request).toMatchObject({
    id: expect.stringContaining('stock.2026-01-31T12:00:00.000Z.'),
    status: 'queued',
  });
  expect(new URL(location, `${url}/v1/schedules/stock/run`).href).toBe(url + request.links.self);
  expect(await requestIn(await fetch(url + request.links.self), 200)).toMatchObject({ id: request.id });

  clock.advanceSeconds(60);
  expect(await requestIn(await run({ 'idempotency-key': 'deploy-42' }), 202)).toMatchObject({
    id: request.id,
  });
  const { id: requestId } = await requestIn(await run(), 202);
  expect(requestId).toContain('stock.2026-01-31T12:01:00.000Z.');
  expect(await (await call('GET', '/stock')).json()).toMatchObject({
    lastManualRun: { at: '2026-01-31T12:01:00.000Z', requestId },
  });
  await call('POST', '', {}, { name: 'stock', everyMinutes: 15, json: { x: 7 } });
  expect(await problemIn(await run({ 'idempotency-key': 'deploy-42' }), 422)).toMatchObject({
    code: 'idempotency_key_reused',
  });
});

test('a run that can not be is refused', async () => {
  const { call, run } = await openApi();
  expect((await problemIn(await call('POST', '/none/run'), 404)).code).toBe('schedule_unknown');
  expect((await problemIn(await run({ 'idempotency-key': '""' }), 400)).code).toBe('request_malformed');
  expect((await problemIn(await run({ 'coatcheck-topic': 'a' }), 400)).code).toBe('request_malformed');
});

test('a run is admitted like any other submission', async () => {
  const { run } = await openApi({ limits: [{ key: 'all', maxWaiting: 1 }] });
  await requestIn(await run({ 'idempotency-key': 'first' }), 202);
  const refused = await run();
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect((await problemIn(refused, 429)).code).toBe('too_many_waiting');
  await requestIn(await run({ 'idempotency-key': 'first' }), 202);
});
