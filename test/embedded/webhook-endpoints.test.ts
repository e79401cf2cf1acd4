import { randomBytes } from 'node:crypto';
import { processor } from 'coatcheck';
import {
  openService,
  type ServiceOptions,
  WebhookEndpointRefused,
  type WebhookEndpointWithSecret,
} from 'coatcheck/embedded';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { mapConcurrently } from '../../lib/core/base/map-concurrently.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { callOf, httpReceiver, type ReceivedCall, webhookIdOf } from '../webhooks/receiver.ts';

const SECRETS = [`whsec_${randomBytes(24).toString('base64')}`] as const;
const handler = processor(async (request) => request.json());

async function open(options: Partial<ServiceOptions> = {}) {
  return openService({
    file: `${await temporaryFolder()}/jobs.db`,
    processor: handler,
    logger: new CollectingLogger(),
    webhooks: { secrets: SECRETS, callbacks: 'local', endpoints: true },
    ...options,
  });
}

/** A receiver of webhooks. */
async function receiver(status: () => number = () => 204) {
  const calls: ReceivedCall[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    calls.push(await callOf(request));
    response.writeHead(status()).end();
  });
  return { calls, url: `http://127.0.0.1:${port}/hook` };
}

/** The events of calls, verified with the secret of their endpoint. */
function verified(calls: readonly ReceivedCall[], { secret }: WebhookEndpointWithSecret) {
  return calls.map(
    ({ headers, body }) =>
      new Webhook(secret).verify(body, { ...headers } as Record<string, string>) as never,
  ) as { readonly type: string; readonly data: { readonly id: string; readonly tenant?: string } }[];
}

test('endpoints get the outcomes of their tenant, signed by secrets of their own', async () => {
  await using service = await open();
  const [one, two, theirs] = [await receiver(), await receiver(), await receiver()];
  const tenant = 'acme';
  const first = await service.webhookEndpoints.create({ url: one.url }, { tenant });
  const second = await service.webhookEndpoints.create({ url: two.url }, { tenant });
  await service.webhookEndpoints.create({ url: theirs.url }, { tenant: 'other' });
  const { id } = await service.submit({ number: 5 }, { tenant });
  await eventually(() => {
    for (const { calls } of [one, two]) expect(calls).not.toEqual([]);
  });
  for (const [calls, endpoint] of [
    [one.calls, first],
    [two.calls, second],
  ] as const) {
    expect(verified(calls, endpoint)[0]).toMatchObject({
      type: 'coatcheck.request.succeeded',
      data: { id, tenant, status: 'succeeded' },
    });
  }
  expect(() => verified(one.calls, second)).toThrow('No matching signature');
  expect(theirs.calls).toEqual([]);
});

test('a receiver with the old secret and one with the new verify what is sent during a rotation', async () => {
  await using service = await open();
  const { calls, url } = await receiver();
  const old = await service.webhookEndpoints.create({ url });
  const rotated = await service.webhookEndpoints.rotate(old.id, { graceSeconds: 60 });
  await service.webhookEndpoints.test(old.id);
  await eventually(() => expect(calls).not.toEqual([]));
  for (const endpoint of [old, rotated]) {
    expect(verified(calls, endpoint)[0]).toMatchObject({ type: 'coatcheck.webhook_endpoint.test' });
  }
});

test('a receiver that answers 410 is disabled, enabled again, and gets what it missed', async () => {
  let status = 410;
  await using service = await open();
  const { calls, url } = await receiver(() => status);
  const endpoint = await service.webhookEndpoints.create({ url });
  const begin = new Date();
  const { id } = await service.submit({ number: 1 });
  await eventually(async () =>
    expect(await service.webhookEndpoints.get(endpoint.id)).toMatchObject({
      status: 'disabled',
      lastError: 'the receiver answered 410',
      failingSince: expect.any(Date),
    }),
  );
  const { id: missed } = await service.submit({ number: 2 });
  await service.wait(missed);
  await expect(service.webhookEndpoints.replay(endpoint.id, { from: begin })).rejects.toThrow(
    WebhookEndpointRefused,
  );
  status = 204;
  await service.webhookEndpoints.update(endpoint.id, { status: 'enabled' });
  expect(await service.webhookEndpoints.replay(endpoint.id, { from: begin })).toEqual({
    examined: 2,
    sent: 2,
  });
  await eventually(() => expect(new Set(idsOf(calls.slice(1)))).toEqual(new Set([id, missed])));
  // Two requests, so two webhook ids, however often each is sent.
  expect(new Set(calls.map(webhookIdOf)).size).toBe(2);
  expect(verified(calls, endpoint)).toHaveLength(calls.length);
});

test('endpoints survive the process, and are shared by processes', async () => {
  const file = `${await temporaryFolder()}/jobs.db`;
  let created: WebhookEndpointWithSecret;
  {
    await using service = await open({ file });
    created = await service.webhookEndpoints.create({ url: 'http://127.0.0.1:9/' });
  }
  await using service = await open({ file });
  const { secret, ...endpoint } = created;
  expect(await service.webhookEndpoints.list()).toEqual([endpoint]);
  expect(await service.webhookEndpoints.secret(endpoint.id)).toBe(secret);
});

test('without them, there are none', async () => {
  await using service = await open({ webhooks: { secrets: SECRETS, callbacks: 'local' } });
  expect(() => service.webhookEndpoints).toThrow(
    'The service has no webhook endpoints: set webhooks.endpoints to true',
  );
});

test('under load, endpoints that come and go lose nothing and get nothing else', async () => {
  await using service = await open({ settings: { concurrency: 50 } });
  const always = await receiver();
  const steady = await service.webhookEndpoints.create({ url: always.url });
  const submitted: string[] = [];
  let isSubmitting = true;
  const submitting = (async () => {
    while (isSubmitting) {
      const batch = await mapConcurrently([...Array(10).keys()], 10, (number) => service.submit({ number }));
      submitted.push(...batch.map(({ id }) => id));
    }
  })();
  const guests = await mapConcurrently([0, 1, 2, 3], 4, async () => {
    const { calls, url } = await receiver();
    const endpoint = await service.webhookEndpoints.create({ url });
    const from = submitted.length;
    await eventually(() => expect(submitted.length).toBeGreaterThan(from + 30));
    // All of these were submitted while it was there.
    const due = submitted.slice(from);
    await Promise.all(due.map((id) => service.wait(id)));
    await eventually(() => expect(idsOf(calls)).toEqual(expect.arrayContaining(due)));
    await service.webhookEndpoints.remove(endpoint.id);
    return { calls, endpoint, after: await service.submit({ last: true }) };
  });
  isSubmitting = false;
  await submitting;
  const ends = guests.map(({ after }) => after.id);
  await Promise.all([...submitted, ...ends].map((id) => service.wait(id)));
  await eventually(() => expect(new Set(idsOf(always.calls))).toEqual(new Set([...submitted, ...ends])));
  // A webhook that comes again has the same id.
  const webhooksOf = (calls: readonly ReceivedCall[]) => new Set(calls.map(webhookIdOf)).size;
  expect(new Set(verified(always.calls, steady).map(({ data }) => data.id)).size).toBe(
    webhooksOf(always.calls),
  );
  for (const { calls, endpoint, after } of guests) {
    expect(new Set(verified(calls, endpoint).map(({ data }) => data.id)).size).toBe(webhooksOf(calls));
    expect(idsOf(calls)).not.toContain(after.id);
  }
});

function idsOf(calls: readonly ReceivedCall[]): string[] {
  return calls.map(({ body }) => JSON.parse(body).data.id);
}
