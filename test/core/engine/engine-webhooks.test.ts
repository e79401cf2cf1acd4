import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { DEFAULT_WEBHOOK_EVENTS, type WebhookEvent } from '../../../lib/core/config/settings.ts';
import { decodeWebhook } from '../../../lib/core/webhooks/message.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryWebhookStates } from '../../../lib/stores/memory/webhook-states.ts';
import { ApiHarness } from '../../support/api-harness.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { sentWebhooks } from '../../support/sent-webhooks.ts';

const CALLBACK = 'https://example.com/hook';

function harnessOf(options: HarnessOptions = {}, handler = async () => 'done') {
  const webhooks = new MemoryOutputQueue();
  const harness = new EngineHarness(handler, { callbacks: 'public', ports: { webhooks }, ...options });
  return { harness, webhooks, sent: () => webhooks.messages.map(({ body }) => decodeWebhook(body)) };
}

function asking(id: string, url = CALLBACK) {
  return requestDelivery(id, {}, { attributes: { RequestId: id, CallbackUrl: url } });
}

test('an outcome goes to the request’s callback URL and the output queue', async () => {
  const { harness, sent } = harnessOf();
  expect(await harness.process([asking('r-1')])).toEqual([]);
  const subject = expect.objectContaining({ request: expect.objectContaining({ id: 'r-1' }) });
  const expected = { url: CALLBACK, id: expect.any(String), attempt: 1, subject, body: expect.any(String) };
  expect(sent()).toEqual([expected]);
  expect(JSON.parse(sent()[0]?.body ?? '')).toMatchObject({ data: { id: 'r-1', status: 'succeeded' } });
  expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
});

test('a webhook of a processor behind a service has the id with which the API of the service sends it again', async () => {
  const idOf = async (settings: HarnessOptions) => {
    const { harness, sent } = harnessOf(settings);
    await harness.process([asking('r-1')]);
    return sent()[0]?.id;
  };
  const behind = await idOf({ serviceName: 'Images/Reports', frontServiceName: 'Images' });
  expect(behind).toMatch(/^[0-9a-f]{32}$/);
  expect(behind).toBe(await idOf({ serviceName: 'Images' }));
});

test('the message group is the receiver’s host', async () => {
  const { harness, webhooks } = harnessOf();
  await harness.process([asking('r-1', 'https://example.com:8443/hook'), asking('r-2')]);
  expect(webhooks.messages.map(({ group }) => group).sort()).toEqual(['example.com', 'example.com:8443']);
});

test('a batch enqueues its webhooks in as few calls as its outputs', async () => {
  const { harness, webhooks } = harnessOf();
  await harness.process(Array.from({ length: 10 }, (_, index) => asking(`r-${index}`)));
  expect(webhooks.messages).toHaveLength(10);
  expect(webhooks.calls).toHaveLength(1);
});

test('a batch that fills no call does not wait for more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { harness, webhooks } = harnessOf();
  expect(await harness.process([asking('r-1')])).toEqual([]);
  expect(webhooks.messages).toHaveLength(1);
});

test('a request without a callback URL has no webhook', async () => {
  const { harness, webhooks } = harnessOf();
  await harness.process([requestDelivery('r-1')]);
  expect(webhooks.calls).toEqual([]);
});

test('the default URL applies to requests without a callback URL', async () => {
  const { harness, sent } = harnessOf({ webhookDefaultUrl: 'https://all.example.com/' });
  await harness.process([requestDelivery('r-1'), asking('r-2')]);
  expect(
    sent()
      .map(({ url }) => url)
      .sort(),
  ).toEqual(['https://all.example.com/', CALLBACK]);
});

test('only the configured outcomes have webhooks', async () => {
  const failing = async () => {
    throw new PermanentError('no');
  };
  const only = { webhookEvents: ['failed'] } as const;
  const [succeeding, refused] = [harnessOf(only), harnessOf(only, failing)];
  await succeeding.harness.process([asking('r-1')]);
  await refused.harness.process([asking('r-1')]);
  expect(succeeding.sent()).toEqual([]);
  expect(refused.sent()).toHaveLength(1);
});

describe('a webhook that could not be enqueued', () => {
  test('keeps its message: the next delivery enqueues it, and the handler does not run again', async () => {
    let runs = 0;
    const { harness, webhooks, sent } = harnessOf({}, async () => {
      runs++;
      return 'done';
    });
    webhooks.faults.inject('send', 'fails before');
    expect(await harness.process([asking('r-1')])).toEqual(['message-r-1']);
    expect(await harness.process([asking('r-1')])).toEqual([]);
    expect(runs).toBe(1);
    expect(sent()).toHaveLength(1);
  });

  test('arrives twice with the same id', async () => {
    const { harness, webhooks, sent } = harnessOf();
    webhooks.faults.inject('send', 'fails after');
    await harness.process([asking('r-1')]);
    await harness.process([asking('r-1')]);
    expect(new Set(sent().map(({ id }) => id)).size).toBe(1);
    expect(sent()).toHaveLength(2);
  });
});

describe('a forbidden callback URL: no run, a failure with a code, no webhook', () => {
  test.each([
    ['off', CALLBACK],
    ['public', 'http://example.com/'],
    ['public', 'https://127.0.0.1/'],
    ['public', ''],
  ] as const)('webhooks are %s, %j', async (callbacks, url) => {
    let runs = 0;
    const { harness, webhooks } = harnessOf({ callbacks, webhookDefaultUrl: '' }, async () => `${runs++}`);
    expect(await harness.process([asking('r-1', url)])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'callback_refused', attempts: 1 });
    expect(runs).toBe(0);
    expect(webhooks.messages).toEqual([]);
  });

  test('a URL that is too long is never recorded', async () => {
    const { harness } = harnessOf();
    await harness.process([asking('r-1', `https://example.com/${'a'.repeat(100_000)}`)]);
    expect(harness.problem).toMatchObject({ code: 'envelope_malformed' });
  });

  test('a request that ended before webhooks were turned off keeps its outcome', async () => {
    const { harness } = harnessOf();
    await harness.process([asking('r-1')]);
    const later = new EngineHarness(async () => 'done', { ports: { records: harness.records } });
    await later.process([asking('r-1')]);
    expect(later.statuses).toEqual({ 'r-1': 'succeeded' });
  });
});

describe('through the API', () => {
  const options = () => {
    const webhooks = new MemoryOutputQueue();
    const api = new ApiHarness(undefined, { callbacks: 'public', ports: { webhooks } });
    return { api, sent: () => webhooks.messages.map(({ body }) => decodeWebhook(body)) };
  };
  const submitting = (url: string, key = 'k') => ({
    body: 'x',
    headers: { 'Coatcheck-Callback-Url': url, 'Idempotency-Key': key },
  });

  test('a submission passes its callback URL on', async () => {
    const { api, sent } = options();
    expect((await api.call('POST', '/v1/requests', submitting(CALLBACK))).status).toBe(202);
    await api.deliver();
    expect(sent().map(({ url }) => url)).toEqual([CALLBACK]);
  });

  test('a request that is cancelled before it starts has a webhook for that', async () => {
    const { api, sent } = options();
    const { id } = (await (await api.call('POST', '/v1/requests', submitting(CALLBACK))).json()) as {
      id: string;
    };
    await api.call('POST', `/v1/requests/${id}/cancel`);
    await api.deliver();
    expect(sent().map(({ url, body }) => [url, JSON.parse(body).type])).toEqual([
      [CALLBACK, 'coatcheck.request.cancelled'],
    ]);
  });

  test('the same key with another callback URL is refused', async () => {
    const { api } = options();
    await api.call('POST', '/v1/requests', submitting(CALLBACK));
    expect((await api.call('POST', '/v1/requests', submitting(CALLBACK))).status).toBe(202);
    const other = await api.call('POST', '/v1/requests', submitting('https://example.com/other'));
    expect(other.status).toBe(422);
  });

  test('the state is first pending, then the noted one, and a state of an earlier outcome is ignored', async () => {
    const { api } = options();
    const { states, records } = {
      states: new MemoryWebhookStates(api.harness.records),
      records: api.records,
    };
    const submitted = await api.call('POST', '/v1/requests', submitting(CALLBACK));
    const { id, webhook } = (await submitted.json()) as { id: string; webhook?: unknown };
    expect(webhook).toBeUndefined();
    await api.deliver();
    const endedAt = (await records.find({ id, source: '' }))?.outcome?.endedAt ?? Number.NaN;
    const shown = async () => {
      const { attemptHistory, ...resource } = (await (
        await api.call('GET', `/v1/requests/${id}`)
      ).json()) as { webhook?: unknown; attemptHistory: unknown };
      expect(attemptHistory).toMatchObject([{ number: 1 }]);
      const list = (await (await api.call('GET', '/v1/requests')).json()) as { requests: unknown[] };
      expect(list.requests).toEqual([resource]);
      return resource.webhook;
    };
    expect(await shown()).toEqual({ status: 'pending', at: new Date(endedAt).toISOString(), attempts: 0 });
    const state = { status: 'failing', reason: 'no', attempts: 2 } as const;
    const [at, nextAttemptAt] = [endedAt + 5, endedAt + 300_005];
    await states.note({ id, source: '' }, { ...state, endedAt: endedAt - 1, at });
    expect(await shown()).toMatchObject({ status: 'pending' });
    await states.note({ id, source: '' }, { ...state, endedAt, at, nextAttemptAt });
    const times = { at: new Date(at).toISOString(), nextAttemptAt: new Date(nextAttemptAt).toISOString() };
    expect(await shown()).toEqual({ ...state, ...times });
  });

  test('a client can repeat a webhook with the same content', async () => {
    const { api, sent } = options();
    const submitted = await api.call('POST', '/v1/requests', submitting(CALLBACK));
    const { id } = (await submitted.json()) as { id: string };
    await api.deliver();
    const again = await api.call('POST', `/v1/requests/${id}/webhook`);
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({ id, webhook: { status: 'pending' } });
    expect(sentWebhooks(api.webhookQueue)).toEqual(sent());
    expect(api.webhookQueue.sent).toMatchObject([{ host: 'example.com', delaySeconds: 0 }]);
  });

  test('a webhook for an excluded outcome cannot be repeated', async () => {
    const webhooks = new MemoryOutputQueue();
    const engine = { callbacks: 'public', webhookEvents: ['failed'], ports: { webhooks } } as const;
    const api = new ApiHarness(undefined, engine);
    const submitted = await api.call('POST', '/v1/requests', submitting(CALLBACK));
    const { id } = (await submitted.json()) as { id: string };
    await api.deliver();
    const again = await api.call('POST', `/v1/requests/${id}/webhook`);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: 'webhook_unknown' });
    expect(api.webhookQueue.sent).toEqual([]);
  });

  test('a request without a callback URL shows no webhook', async () => {
    const { api } = options();
    const submitted = await api.call('POST', '/v1/requests', { body: 'x' });
    const { id } = (await submitted.json()) as { id: string };
    await api.deliver();
    const resource = await (await api.call('GET', `/v1/requests/${id}`)).json();
    expect(resource).toMatchObject({ status: 'succeeded' });
    expect(resource).not.toHaveProperty('webhook');
  });

  test('a forbidden callback URL is refused', async () => {
    const { api } = options();
    const refused = await api.call('POST', '/v1/requests', submitting('https://169.254.169.254/'));
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ code: 'callback_refused' });
    const upload = { size: 1, callbackUrl: 'http://example.com' };
    const refusedUpload = await api.call('POST', '/v1/uploads', { json: upload });
    expect(await refusedUpload.json()).toMatchObject({ code: 'callback_refused' });
    expect(api.queue.sent).toEqual([]);
  });

  test('every callback URL is refused while webhooks are off', async () => {
    const refused = await new ApiHarness().call('POST', '/v1/requests', submitting(CALLBACK));
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('webhooks are off') });
  });

  test('the record of an upload ticket keeps the callback URL', async () => {
    const { api } = options();
    const json = { size: 1, callbackUrl: CALLBACK };
    const { request } = (await (await api.call('POST', '/v1/uploads', { json })).json()) as {
      request: { id: string };
    };
    expect((await api.records.find({ id: request.id, source: '' }))?.request.callbackUrl).toBe(CALLBACK);
  });
});

test('a CloudEvent has the callback URL as callbackurl, which is not metadata for the handler', async () => {
  const { harness, sent } = harnessOf();
  const event = {
    specversion: '1.0',
    id: 'ce-1',
    source: '/shop',
    type: 'order',
    data: 1,
    callbackurl: CALLBACK,
  };
  await harness.process([{ ...requestDelivery('r-1', event), attributes: {} }]);
  expect(sent().map(({ url }) => url)).toEqual([CALLBACK]);
});

describe('progress', () => {
  const reporting = (webhookEvents: readonly WebhookEvent[], webhooks = new MemoryOutputQueue()) => {
    const harness = new EngineHarness(
      async (request) => {
        for (const fraction of [0.2, 0.4]) {
          harness.clock.advanceSeconds(5);
          request.progress(fraction, 'on the way');
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
      { callbacks: 'public', webhookEvents, ports: { webhooks } },
    );
    return { harness, webhooks };
  };
  const typesOf = ({ messages }: MemoryOutputQueue) =>
    messages.map(({ body }) => JSON.parse(decodeWebhook(body).body).type);

  test('has a webhook each time it is recorded, if configured', async () => {
    const { harness, webhooks } = reporting(['progress', 'succeeded']);
    await harness.process([asking('r-1')]);
    expect(typesOf(webhooks)).toEqual([
      'coatcheck.request.progress',
      'coatcheck.request.progress',
      'coatcheck.request.succeeded',
    ]);
    const [first] = webhooks.messages;
    expect(first?.group).toBe('example.com');
    expect(JSON.parse(decodeWebhook(first?.body ?? '').body)).toMatchObject({
      data: { id: 'r-1', status: 'running', progress: { fraction: 0.2, note: 'on the way' } },
    });
  });

  test('has no webhook by default', async () => {
    const { harness, webhooks } = reporting(DEFAULT_WEBHOOK_EVENTS);
    await harness.process([asking('r-1')]);
    expect(typesOf(webhooks)).toEqual(['coatcheck.request.succeeded']);
  });

  test.each(['fails before', 'never answers'] as const)(
    'that cannot be sent (%s) does no harm',
    async (fault) => {
      const webhooks = new MemoryOutputQueue();
      webhooks.faults.inject('send', fault);
      const { harness } = reporting(['progress'], webhooks);
      expect(await harness.process([asking('r-1')])).toEqual([]);
      expect(harness.statuses).toEqual({ 'r-1': 'succeeded' });
    },
  );

  test('that the queue refuses is logged', async () => {
    const webhooks = new MemoryOutputQueue();
    webhooks.refuse = () => ({ sent: false, refused: true, reason: 'InvalidParameterValue' });
    const { harness } = reporting(['progress'], webhooks);
    expect(await harness.process([asking('r-1')])).toEqual([]);
    expect(JSON.stringify(harness.logger.lines)).toContain('rejected it: InvalidParameterValue');
  });
});
