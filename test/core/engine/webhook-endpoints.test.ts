import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import type { WebhookEndpoint } from '../../../lib/core/model/webhook-endpoint.ts';
import { CachedEndpoints, ENDPOINTS_AGE_SECONDS } from '../../../lib/core/webhooks/cached-endpoints.ts';
import { decodeWebhook } from '../../../lib/core/webhooks/message.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryWebhookEndpoints } from '../../../lib/stores/memory/webhook-endpoints.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { endpointOf } from '../../support/webhook-endpoints.ts';

const CALLBACK = 'https://example.com/callback';

async function harnessOf(
  lists: Readonly<Record<string, readonly WebhookEndpoint[]>>,
  {
    handler = async () => 'done',
    ...options
  }: HarnessOptions & { readonly handler?: () => Promise<string> } = {},
) {
  const [webhooks, store] = [new MemoryOutputQueue(), new MemoryWebhookEndpoints()];
  for (const [tenant, endpoints] of Object.entries(lists)) {
    await store.write(tenant === 'none' ? undefined : tenant, { endpoints, revision: 1 });
  }
  const harness = new EngineHarness(handler, {
    callbacks: 'public',
    ports: { webhooks, webhookEndpoints: store },
    ...options,
  });
  return { harness, webhooks, store, sent: () => webhooks.messages.map(({ body }) => decodeWebhook(body)) };
}

function asking(id: string, attributes: Readonly<Record<string, string>> = {}) {
  return requestDelivery(id, {}, { attributes: { RequestId: id, ...attributes } });
}

test('an outcome goes to its callback URL and to each endpoint, by messages with ids of their own', async () => {
  const { harness, webhooks, sent } = await harnessOf({
    none: [endpointOf(), endpointOf({ id: 'e-2', url: 'https://two.example.com/' })],
  });
  expect(await harness.process([asking('r-1', { CallbackUrl: CALLBACK })])).toEqual([]);
  expect(new Map(sent().map(({ url, endpoint }) => [url, endpoint]))).toEqual(
    new Map([
      [CALLBACK, undefined],
      ['https://example.com/hook', 'e-1'],
      ['https://two.example.com/', 'e-2'],
    ]),
  );
  expect(new Set(sent().map(({ id }) => id)).size).toBe(3);
  expect(new Set(sent().map(({ body }) => body)).size).toBe(1);
  expect(webhooks.messages.map(({ group }) => group).toSorted()).toEqual([
    'example.com',
    'example.com',
    'two.example.com',
  ]);
});

test('an endpoint gets what it wants, while it is enabled', async () => {
  const { harness, sent } = await harnessOf({
    none: [
      endpointOf({ id: 'failures', events: ['failed'] }),
      endpointOf({ id: 'successes', events: ['succeeded'] }),
      endpointOf({ id: 'disabled', status: 'disabled' }),
    ],
  });
  await harness.process([asking('r-1')]);
  expect(sent().map(({ endpoint }) => endpoint)).toEqual(['successes']);
});

test('an endpoint gets the outcomes of its topics; without any, of all requests', async () => {
  const { harness, sent } = await harnessOf({
    none: [
      endpointOf({ id: 'images', topics: ['images.*', 'pictures'] }),
      endpointOf({ id: 'all', topics: ['*'] }),
      endpointOf({ id: 'any' }),
    ],
  });
  await harness.process([
    asking('r-1', { Topic: 'images.thumbnail' }),
    asking('r-2', { Topic: 'reports' }),
    asking('r-3'),
  ]);
  const endpointsOf = (id: string) =>
    sent()
      .filter(({ subject }) => subject.request.id === id)
      .map(({ endpoint }) => endpoint)
      .toSorted();
  expect(endpointsOf('r-1')).toEqual(['all', 'any', 'images']);
  expect(endpointsOf('r-2')).toEqual(['all', 'any']);
  expect(endpointsOf('r-3')).toEqual(['all', 'any']);
  const [first] = sent().filter(({ subject }) => subject.request.id === 'r-1');
  expect(JSON.parse(first?.body ?? '').data).toMatchObject({ topic: 'images.thumbnail' });
});

test('without events of its own, an endpoint gets those of the service', async () => {
  const refusing = async () => {
    throw new PermanentError('no');
  };
  const endpoints = { none: [endpointOf(), endpointOf({ id: 'e-2', events: ['succeeded'] })] };
  const only = { webhookEvents: ['failed'] } as const;
  const [succeeding, failing] = [
    await harnessOf(endpoints, only),
    await harnessOf(endpoints, { ...only, handler: refusing }),
  ];
  await succeeding.harness.process([asking('r-1')]);
  await failing.harness.process([asking('r-1')]);
  expect(succeeding.sent().map(({ endpoint }) => endpoint)).toEqual(['e-2']);
  expect(failing.sent().map(({ endpoint }) => endpoint)).toEqual(['e-1']);
});

test('an endpoint gets the outcomes of its tenant only', async () => {
  const { harness, sent } = await harnessOf({
    none: [endpointOf({ id: 'none' })],
    acme: [endpointOf({ id: 'acme' })],
    other: [endpointOf({ id: 'other' })],
  });
  await harness.process([asking('r-1', { Tenant: 'acme' }), asking('r-2')]);
  const pairs = sent().map(({ endpoint, subject }) => [subject.request.id, endpoint]);
  expect(pairs.toSorted()).toEqual([
    ['r-1', 'acme'],
    ['r-2', 'none'],
  ]);
});

describe('a message is acknowledged only after all webhooks are sent', () => {
  test('if the endpoints can’t be read, it comes again, and the handler does not run again', async () => {
    let runs = 0;
    const { harness, store, sent } = await harnessOf(
      { none: [endpointOf()] },
      { handler: async () => String(++runs) },
    );
    store.faults.inject('read', 'fails before');
    expect(await harness.process([asking('r-1')])).toHaveLength(1);
    expect(sent()).toEqual([]);
    expect(await harness.process([asking('r-1')])).toEqual([]);
    expect(sent()).toHaveLength(1);
    expect(runs).toBe(1);
  });

  test('if it crashes in the middle, they are sent again with the same ids', async () => {
    const endpoints = [1, 2, 3].map((number) => endpointOf({ id: `e-${number}` }));
    const { harness, webhooks, sent } = await harnessOf({ none: endpoints });
    webhooks.faults.inject('send', 'fails after');
    expect(await harness.process([asking('r-1')])).toHaveLength(1);
    expect(await harness.processElsewhere([asking('r-1')])).toEqual([]);
    expect(sent()).toHaveLength(6);
    expect(new Set(sent().map(({ id }) => id)).size).toBe(3);
  });
});

test('progress goes to the endpoints that want it, in as many calls as it takes', async () => {
  const endpoints = Array.from({ length: 20 }, (_, number) =>
    endpointOf({ id: `e-${number}`, ...(number > 0 && { events: ['progress'] }) }),
  );
  const webhooks = new MemoryOutputQueue();
  const store = new MemoryWebhookEndpoints();
  await store.write(undefined, { endpoints, revision: 1 });
  const harness = new EngineHarness(
    async (request) => {
      harness.clock.advanceSeconds(5);
      request.progress(0.5);
      await new Promise((resolve) => setImmediate(resolve));
      return 'done';
    },
    { callbacks: 'public', ports: { webhooks, webhookEndpoints: store } },
  );
  await harness.process([asking('r-1')]);
  const sent = webhooks.messages.map(({ body }) => decodeWebhook(body));
  const progress = sent.filter(({ subject }) => subject.type === 'coatcheck.request.progress');
  expect(progress).toHaveLength(19);
  expect(new Set(progress.map(({ id }) => id)).size).toBe(19);
  expect(sent.filter((webhook) => !progress.includes(webhook)).map(({ endpoint }) => endpoint)).toEqual([
    'e-0',
  ]);
});

test('with a cache, a batch takes one read, and a new endpoint gets outcomes after the cache’s time', async () => {
  const [webhooks, store] = [new MemoryOutputQueue(), new MemoryWebhookEndpoints()];
  const clock = { now: () => harness.clock.now() };
  const ports = { webhooks, webhookEndpoints: new CachedEndpoints(store, clock) };
  const harness = new EngineHarness(async () => 'done', { callbacks: 'public', ports });
  await harness.process(Array.from({ length: 10 }, (_, number) => asking(`r-${number}`)));
  expect(store.reads).toBe(1);
  await store.write(undefined, { endpoints: [endpointOf()], revision: 1 });
  harness.clock.advanceSeconds(ENDPOINTS_AGE_SECONDS);
  await harness.process([asking('late')]);
  expect(webhooks.messages).toHaveLength(1);
});
