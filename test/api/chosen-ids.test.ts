import { expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';
import { START } from '../support/test-clock.ts';

interface Answer {
  readonly id: string;
  readonly status: unknown;
  readonly code?: string;
}

interface Results {
  readonly results: readonly {
    readonly status: number;
    readonly request: Answer;
    readonly problem?: Answer;
  }[];
}

const ID = '019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42';

/** Submits text with an id, alone and among several. */
const WAYS = {
  'POST /v1/requests': async (api: ApiHarness, id: string, text: string, tenant?: string) => {
    const headers = { 'Coatcheck-Request-Id': id, 'Content-Type': 'text/plain; charset=utf-8' };
    const response = await api.call('POST', '/v1/requests', { body: text, headers, tenant });
    const answer = (await response.json()) as Answer;
    return [response.status, answer.code ?? answer.id, answer.status];
  },
  'POST /v1/requests:batch': async (api: ApiHarness, id: string, text: string, tenant?: string) => {
    const json = { requests: [{ id, text }] };
    const response = await api.call('POST', '/v1/requests:batch', { json, tenant });
    const { results } = (await response.json()) as Results;
    return results.flatMap(({ status, request, problem }) => [
      ...[status, problem?.code ?? request.id, problem ? status : request.status],
    ]);
  },
} as const;

for (const [way, submit] of Object.entries(WAYS)) {
  test(`${way} with an id makes a request with it, once, for as long as the request is kept`, async () => {
    const api = new ApiHarness();
    expect(await submit(api, ID, 'a')).toEqual([202, ID, 'queued']);
    expect(await submit(api, ID, 'a')).toEqual([202, ID, 'queued']);
    await api.deliver();
    api.harness.clock.advanceSeconds(29 * 86_400);
    // The other way submits the same request.
    for (const again of Object.values(WAYS))
      expect(await again(api, ID, 'a')).toEqual([202, ID, 'succeeded']);
    expect(api.queue.sent).toHaveLength(1);
  });

  test(`${way} refuses the id of another request`, async () => {
    const api = new ApiHarness();
    await submit(api, ID, 'a');
    expect(await submit(api, ID, 'b')).toEqual([422, 'request_id_reused', 422]);
    expect(api.queue.sent).toHaveLength(1);
  });

  test(`${way} reaches no request of another tenant by its id`, async () => {
    const api = new ApiHarness();
    await submit(api, ID, 'a', 'acme');
    expect(await submit(api, ID, 'b', 'other')).toEqual([202, ID, 'queued']);
    expect(await submit(api, ID, 'c')).toEqual([202, ID, 'queued']);
    await api.deliver();
    const owners = api.harness.records.all().map(({ record }) => record.request.tenant);
    expect(owners).toEqual(['acme', 'other', undefined]);
  });

  test.each([
    ['x'.repeat(256), 202],
    ['a b/c?d=~\'"', 202],
    ['x'.repeat(257), 400],
    ['café', 400],
  ])(`${way} with the id %j answers %i`, async (id, status) => {
    const api = new ApiHarness();
    expect((await submit(api, id, 'a'))[0]).toBe(status);
  });
}

test('an id is refused beside an idempotency key', async () => {
  const api = new ApiHarness();
  const headers = { 'Coatcheck-Request-Id': ID, 'Idempotency-Key': 'k' };
  const single = await api.call('POST', '/v1/requests', { body: 'a', headers });
  expect(await single.json()).toMatchObject({ status: 400, code: 'request_malformed' });
  const json = { requests: [{ id: ID, idempotencyKey: 'k', text: 'a' }] };
  const several = await api.call('POST', '/v1/requests:batch', { json });
  expect(await several.json()).toMatchObject({ results: [{ status: 400 }] });
});

test('a repeated call gets its request after it has expired, and while no more are admitted', async () => {
  const api = new ApiHarness();
  const expiresAt = new Date(START + 60_000).toISOString();
  const headers = {
    'Coatcheck-Request-Id': ID,
    'Coatcheck-Expires-At': expiresAt,
    'Content-Type': 'text/plain',
  };
  const call = () => api.call('POST', '/v1/requests', { body: 'a', headers });
  const item = { id: ID, text: 'a', contentType: 'text/plain', expiresAt };
  expect((await call()).status).toBe(202);
  api.harness.clock.advanceSeconds(61);
  await api.deliver();
  api.admission.decision = {
    admitted: false,
    reason: 'overloaded',
    retryAfterSeconds: 7,
    load: { maxWaitSeconds: 900 },
  };
  expect(await (await call()).json()).toMatchObject({ id: ID, status: 'expired' });
  const several = await api.call('POST', '/v1/requests:batch', { json: { requests: [item] } });
  expect(await several.json()).toMatchObject({ results: [{ request: { id: ID, status: 'expired' } }] });
});

test('a repeated call gets its request for as long as it is kept, also if it ended long after it was submitted', async () => {
  const api = new ApiHarness();
  const submit = WAYS['POST /v1/requests'];
  await submit(api, ID, 'a');
  api.harness.clock.advanceSeconds(29 * 86_400);
  await api.deliver();
  api.harness.clock.advanceSeconds(29 * 86_400);
  expect(await submit(api, ID, 'a')).toEqual([202, ID, 'succeeded']);
  expect(await submit(api, ID, 'b')).toEqual([422, 'request_id_reused', 422]);
  // Its record is gone, and the id is remembered.
  api.harness.clock.advanceSeconds(86_400 + 3_600);
  expect(await submit(api, ID, 'b')).toEqual([422, 'request_id_reused', 422]);
  expect(await submit(api, ID, 'a')).toEqual([202, ID, 'queued']);
  api.harness.clock.advanceSeconds(60);
  expect(await submit(api, ID, 'a')).toEqual([202, ID, 'queued']);
  await api.deliver();
  expect(await submit(api, ID, 'a')).toEqual([202, ID, 'succeeded']);
});

test('the ticket of an upload is not the id of another request', async () => {
  const api = new ApiHarness();
  const opened = await api.call('POST', '/v1/uploads', { json: { size: 9 } });
  const { request } = (await opened.json()) as { request: Answer };
  expect(await WAYS['POST /v1/requests'](api, request.id, 'a')).toEqual([422, 'request_id_reused', 422]);
});

test('requests with an order keep it when a call is repeated', async () => {
  const api = new ApiHarness(() => 'done', { ordered: true });
  api.queue.faults.inject('send', 'fails before');
  const requests = ['a', 'b', 'c'].map((id) => ({ id, text: id, orderingKey: 'k' }));
  const call = async () => {
    const response = await api.call('POST', '/v1/requests:batch', { json: { requests } });
    const { results } = (await response.json()) as Results;
    return results.map(({ status }) => status);
  };
  expect(await call()).toEqual([500, 409, 409]);
  expect(await call()).toEqual([409, 409, 409]);
  api.harness.clock.advanceSeconds(30);
  expect(await call()).toEqual([202, 202, 202]);
  expect(api.queue.sent.map(({ message }) => JSON.parse(message).id)).toEqual(['a', 'b', 'c']);
});
