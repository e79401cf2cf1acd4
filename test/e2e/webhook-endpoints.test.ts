import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ENDPOINTS_AGE_SECONDS } from '../../lib/core/webhooks/cached-endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { callOf, httpReceiver, type ReceivedCall, webhookIdOf } from '../webhooks/receiver.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const PATH = '/v1/webhook-endpoints';

interface Endpoint {
  readonly id: string;
  readonly secret: string;
}

interface Event {
  readonly type: string;
  readonly data: { readonly id: string; readonly topic?: string; readonly status?: string };
}

async function call<Body>(method: string, path: string, status: number, json?: object): Promise<Body> {
  const response = await service.call(method, path, { json });
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.anything()]);
  return (text === '' ? undefined : JSON.parse(text)) as Body;
}

const closes: (() => void)[] = [];

/** A receiver whose endpoint is added. It answers with its status. */
async function endpointOf(filter: object = {}, status = 204) {
  const calls: ReceivedCall[] = [];
  const added = { calls, status };
  const answer: RequestListener = async (request, response) => {
    calls.push(await callOf(request));
    response.writeHead(added.status).end();
  };
  const { port } = await httpReceiver(answer, (close) => closes.push(close));
  const url = `http://127.0.0.1:${port}/hook`;
  return Object.assign(added, { endpoint: await call<Endpoint>('POST', PATH, 201, { url, ...filter }) });
}

/** The endpoints of the tests. They are added together, because processors use a list for a while. */
async function addAll() {
  const added = {
    all: await endpointOf({ description: 'everything' }),
    images: await endpointOf({ topics: ['images.*'] }),
    failures: await endpointOf({ events: ['failed'] }),
    orders: await endpointOf({ topics: ['orders'] }, 410),
    removed: await endpointOf({ topics: ['removed'] }),
  };
  await sleep(ENDPOINTS_AGE_SECONDS * 1000);
  return added;
}

/** Verifies calls as a receiver does. */
function verified(calls: readonly ReceivedCall[], { secret }: Endpoint): Event[] {
  return calls.map(
    ({ headers, body }) =>
      new Webhook(secret).verify(body, { ...headers } as Record<string, string>) as Event,
  );
}

/** Removes all, those that generated calls of other tests left behind among them. */
async function removeAll(): Promise<void> {
  const { endpoints } = await call<{ endpoints: readonly Endpoint[] }>('GET', PATH, 200);
  for (const { id } of endpoints) await call('DELETE', `${PATH}/${id}`, 204);
}

let added: Awaited<ReturnType<typeof addAll>>;

beforeAll(async () => {
  await removeAll();
  added = await addAll();
});
afterAll(async () => {
  await removeAll();
  for (const close of closes) close();
});

test('endpoints get what they ask for, signed by secrets of their own', async () => {
  const { all, images, failures } = added;
  const image = await service.submit({ do: 'echo', value: 1 }, { 'Coatcheck-Topic': 'images.thumbnail' });
  const report = await service.submit({ do: 'echo', value: 2 }, { 'Coatcheck-Topic': 'reports' });
  const failed = await service.submit({ do: 'refuse', reason: 'no such thing' });
  const ids = [image.id, report.id, failed.id];
  // Webhooks are sent at least once, and requests of other tests may end meanwhile.
  const sentTo = ({ calls, endpoint }: typeof all) => {
    const events = new Map(
      calls.map((each) => [webhookIdOf(each), verified([each], endpoint)[0]?.data.id ?? '']),
    );
    return [...events].filter(([, id]) => ids.includes(id));
  };
  const idsSentTo = (receiver: typeof all) => sentTo(receiver).map(([, id]) => id);
  await eventually(() => expect(idsSentTo(all).toSorted()).toEqual(ids.toSorted()));
  await eventually(() => expect(idsSentTo(images)).toEqual([image.id]));
  await eventually(() => expect(idsSentTo(failures)).toEqual([failed.id]));
  expect(new Set([all, images, failures].flatMap(sentTo).map(([webhookId]) => webhookId)).size).toBe(5);
  expect(() => verified(all.calls, images.endpoint)).toThrow('No matching signature');

  const rotated = await call<Endpoint>('POST', `${PATH}/${all.endpoint.id}/rotate`, 200, {
    graceSeconds: 60,
  });
  expect(await call('GET', `${PATH}/${all.endpoint.id}/secret`, 200)).toEqual({ secret: rotated.secret });
  const { webhookId } = await call<{ webhookId: string }>('POST', `${PATH}/${all.endpoint.id}/test`, 202);
  const last = await eventually(() => {
    const found = all.calls.filter((each) => webhookIdOf(each) === webhookId).slice(-1);
    expect(found).toHaveLength(1);
    return found;
  });
  for (const endpoint of [all.endpoint, rotated]) {
    expect(verified(last, endpoint)).toMatchObject([{ type: 'coatcheck.webhook_endpoint.test' }]);
  }
});

test('an endpoint that answers 410 is disabled with an event, and gets what it missed when it is enabled', async () => {
  const { orders } = added;
  const { endpoint, calls } = orders;
  const begin = new Date().toISOString();
  const { id } = await service.submit({ do: 'echo', value: 1 }, { 'Coatcheck-Topic': 'orders' });
  await eventually(async () => {
    expect(await call('GET', `${PATH}/${endpoint.id}`, 200)).toMatchObject({
      status: 'disabled',
      lastError: 'the receiver answered 410',
    });
  });
  expect(await service.busMessage(endpoint.id)).toMatchObject({
    source: 'coatcheck',
    'detail-type': 'coatcheck.webhook_endpoint.disabled',
    detail: { source: '/coatcheck/e2e-cloudevents', data: { reason: 'the receiver answered 410' } },
  });
  orders.status = 204;
  const before = calls.length;
  await call('PATCH', `${PATH}/${endpoint.id}`, 200, { status: 'enabled' });
  const replayed = await call<object>('POST', `${PATH}/${endpoint.id}/replay`, 200, { from: begin });
  expect(replayed).toMatchObject({ sent: 1 });
  await eventually(() => expect(calls.length).toBeGreaterThan(before));
  expect(new Set(verified(calls, endpoint).map(({ data }) => data.id))).toEqual(new Set([id]));
  expect(new Set(calls.map(webhookIdOf)).size).toBe(1);
});

test('an endpoint that is removed gets nothing more', async () => {
  const { endpoint, calls } = added.removed;
  await call('DELETE', `${PATH}/${endpoint.id}`, 204);
  const { id } = await service.submit({ do: 'echo', value: 1 }, { 'Coatcheck-Topic': 'removed' });
  await service.event(id);
  const other = await endpointOf();
  await call('POST', `${PATH}/${other.endpoint.id}/test`, 202);
  await eventually(() => expect(other.calls).not.toEqual([]));
  expect(calls).toEqual([]);
});

test.each(['http://0x7f.1/', 'ftp://127.0.0.1/', 'https://user@example.com/'])(
  '%s is refused',
  async (url) => {
    const problem = await call('POST', PATH, 422, { url });
    expect(problem).toMatchObject({ code: 'webhook_endpoint_invalid' });
  },
);
