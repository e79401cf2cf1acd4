import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { WebhookState } from '../../../lib/core/model/webhook-state.ts';
import type { WebhookAnswer } from '../../../lib/core/ports/webhooks.ts';
import { WebhookDeliverer, type WebhookPorts } from '../../../lib/core/webhooks/deliverer.ts';
import { decodeWebhook, encodeWebhook, type WebhookMessage } from '../../../lib/core/webhooks/message.ts';
import { settleBatch } from '../../../lib/lambda/batch-response.ts';
import { MemoryDelayedMessages } from '../../../lib/stores/memory/delayed-messages.ts';
import { Faults } from '../../../lib/stores/memory/faults.ts';
import { MemoryInputQueue, type MemoryMessage } from '../../../lib/stores/memory/input-queue.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { MemoryWebhookQueue } from '../../../lib/stores/memory/webhook-queue.ts';
import { MemoryWebhookStates } from '../../../lib/stores/memory/webhook-states.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { delivery } from '../../support/delivery.ts';
import { sentWebhooks } from '../../support/sent-webhooks.ts';
import { START, TestClock } from '../../support/test-clock.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const REQUEST = { id: 'r-1', source: '', tenant: 'acme' };
const MESSAGE: WebhookMessage = {
  url: 'https://example.com/hook?token=t',
  id: 'id-1',
  attempt: 1,
  subject: { type: 'coatcheck.request.succeeded', request: REQUEST, at: START - 1_000 },
  body: '{"type":"coatcheck.request.succeeded"}',
};

/** A receiver, queues and a scheduler in memory. */
class Harness {
  readonly clock = new TestClock();
  readonly logger = new CollectingLogger();
  readonly faults = new Faults<'post' | 'read'>();
  readonly calls: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = [];
  readonly input = new MemoryInputQueue({ now: () => this.clock.now(), visibilityTimeoutSeconds: 360 });
  readonly queue = new MemoryWebhookQueue();
  readonly later = new MemoryDelayedMessages();
  readonly deadLetters = new MemoryWebhookQueue();
  readonly records = new MemoryRecordStore();
  readonly states = new MemoryWebhookStates(this.records);
  answer: WebhookAnswer = { status: 200 };

  readonly ports: WebhookPorts = {
    sender: {
      post: (url, headers, body) =>
        this.faults.around('post', () => {
          this.calls.push({ url, headers, body });
          return this.answer;
        }),
    },
    secrets: { read: () => this.faults.around('read', () => [SECRET]) },
    queue: this.queue,
    later: this.later,
    deadLetters: this.deadLetters,
    states: this.states,
    logger: this.logger,
    clock: this.clock,
    random: () => 0,
  };

  deliverer = new WebhookDeliverer(this.ports);

  /** @returns the ids that need another delivery */
  async process(...messages: readonly MemoryMessage[]): Promise<string[]> {
    const received = messages.map((message) => this.input.settleable(message));
    const running = received.map(async (message) => [message, await this.deliverer.run(message)] as const);
    const { batchItemFailures } = await settleBatch(await Promise.all(running), this.logger);
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  }

  /** The scheduled messages, by name. */
  get scheduled(): Map<string, { message: WebhookMessage; at: number }> {
    const waiting = [...this.later.waiting];
    return new Map(waiting.map(([name, { message, at }]) => [name, { message: decodeWebhook(message), at }]));
  }

  /** Writes the record of the request that the messages report. */
  async record(): Promise<void> {
    const ended = { status: 'succeeded', attempts: 1, createdAt: START, updatedAt: START } as const;
    await this.records.write({ record: { request: REQUEST, ...ended }, revision: 1, keptUntil: START });
  }

  /** The webhook's state on the request's record. */
  async noted(): Promise<WebhookState | undefined> {
    return (await this.records.read(REQUEST))?.record.webhook;
  }

  /** The delays of attempts that are repeated soon. */
  get delays(): number[] {
    return this.queue.sent.map(({ delaySeconds }) => delaySeconds);
  }

  /** The delays of messages that are received again. */
  get deferrals(): number[] {
    return this.input.deferrals.map(({ delaySeconds }) => delaySeconds);
  }
}

function of(message: Partial<WebhookMessage> = {}, given: Partial<MemoryMessage> = {}): MemoryMessage {
  return delivery(encodeWebhook({ ...MESSAGE, ...message }), given);
}

let harness: Harness;
beforeEach(() => {
  harness = new Harness();
});

test('a receiver that accepts the webhook: done', async () => {
  vi.setSystemTime(START);
  expect(await harness.process(of())).toEqual([]);
  const [call] = harness.calls;
  expect(call).toMatchObject({ url: MESSAGE.url, body: MESSAGE.body });
  expect(call?.headers).toMatchObject({ 'webhook-id': 'id-1', 'webhook-timestamp': String(START / 1000) });
  expect(new Webhook(SECRET).verify(MESSAGE.body, { ...call?.headers })).toEqual(JSON.parse(MESSAGE.body));
  expect([...harness.queue.sent, ...harness.deadLetters.sent]).toEqual([]);
  vi.useRealTimers();
});

test('the logs do not contain secrets of the receiver', async () => {
  harness.answer = { status: 500 };
  await harness.process(of());
  expect(JSON.stringify(harness.logger)).toContain('example.com');
  expect(JSON.stringify(harness.logger)).not.toMatch(/token|whsec/);
});

describe('a receiver that fails', () => {
  beforeEach(() => {
    harness.answer = { status: 500 };
  });

  test('gets another attempt soon, with the same id and a new timestamp (fault 31)', async () => {
    expect(await harness.process(of())).toEqual([]);
    harness.clock.advanceSeconds(5);
    expect(await harness.process(...harness.queue.sent.map(({ message }) => delivery(message)))).toEqual([]);
    expect(harness.delays).toEqual([5, 300]);
    expect(sentWebhooks(harness.queue).map(({ attempt }) => attempt)).toEqual([2, 3]);
    expect(harness.queue.sent.map(({ host }) => host)).toEqual(['example.com', 'example.com']);
    expect(harness.calls.map(({ headers }) => headers['webhook-id'])).toEqual(['id-1', 'id-1']);
    expect(harness.calls.map(({ headers }) => Number(headers['webhook-timestamp']))).toEqual([
      START / 1000,
      START / 1000 + 5,
    ]);
    expect(harness.scheduled.size).toBe(0);
  });

  test('gets a much later attempt through a schedule', async () => {
    expect(await harness.process(of({ attempt: 3 }))).toEqual([]);
    expect([...harness.scheduled.values()]).toEqual([
      { message: { ...MESSAGE, attempt: 4 }, at: START + 1_800_000 },
    ]);
    expect(harness.queue.sent).toEqual([]);
  });

  test('a message that is delivered twice is scheduled once', async () => {
    await harness.process(of({ attempt: 4 }, { deliveryCount: 1 }));
    await harness.process(of({ attempt: 4 }, { deliveryCount: 2 }));
    expect([...harness.scheduled.values()].map(({ message }) => message.attempt)).toEqual([5]);
  });

  test('a repeated webhook to another URL has its own schedule', async () => {
    const urls = [MESSAGE.url, 'https://example.com/moved'];
    for (const url of urls) await harness.process(of({ attempt: 4, url }));
    expect([...harness.scheduled.values()].map(({ message }) => message.url)).toEqual(urls);
  });

  test('a message with a next attempt is deleted at once, not with its batch', async () => {
    harness.input.send(encodeWebhook(MESSAGE));
    const [received] = harness.input.receive(1);
    if (!received) throw new Error('nothing was received');
    expect(await harness.deliverer.run(received)).toEqual({ action: 'ack' });
    expect(sentWebhooks(harness.queue)).toHaveLength(1);
    expect(harness.input.size).toBe(0);
  });

  test('the message is done even if deleting it fails', async () => {
    harness.input.faults.inject('acknowledge', 'fails before');
    expect(await harness.process(of())).toEqual([]);
  });

  test('ten times: the message goes to the dead-letter queue', async () => {
    expect(await harness.process(of({ attempt: 10 }))).toEqual([]);
    expect(sentWebhooks(harness.deadLetters)).toEqual([{ ...MESSAGE, attempt: 11 }]);
    expect(harness.queue.sent).toEqual([]);
    expect(harness.scheduled.size).toBe(0);
  });

  test('a message redriven from the dead-letter queue gets one more attempt', async () => {
    expect(await harness.process(of({ attempt: 11 }))).toEqual([]);
    expect(harness.calls).toHaveLength(1);
    expect(sentWebhooks(harness.deadLetters).map(({ attempt }) => attempt)).toEqual([12]);
  });

  test('gets another attempt if it does not answer at all', async () => {
    harness.faults.inject('post', 'fails before');
    expect(await harness.process(of())).toEqual([]);
    expect(harness.delays).toEqual([5]);
  });
});

test.each([
  ['60', [60], 0],
  ['900', [900], 0],
  ['901', [], 901],
  ['999999', [], 86_400],
])('503 with Retry-After: %s', async (retryAfter, delays, later) => {
  harness.answer = { status: 503, retryAfter };
  await harness.process(of());
  expect(harness.delays).toEqual(delays);
  expect([...harness.scheduled.values()].map(({ at }) => at)).toEqual(later ? [START + later * 1000] : []);
});

test('410: done, without another call', async () => {
  harness.answer = { status: 410 };
  expect(await harness.process(of())).toEqual([]);
  expect(harness.scheduled.size).toBe(0);
});

describe('an internal failure uses no attempt: the message returns after a quarter of an hour', () => {
  beforeEach(() => {
    harness.answer = { status: 500 };
  });

  test('reading the secrets fails: no receiver is called', async () => {
    harness.faults.inject('read', 'fails before');
    expect(await harness.process(of({ attempt: 4 }))).toEqual(['message-1']);
    expect(harness.deferrals).toEqual([900]);
    expect(harness.calls).toEqual([]);
  });

  test.each([
    ['soon', 1, () => harness.queue.faults.inject('send', 'fails before')],
    ['later', 4, () => harness.later.faults.inject('schedule', 'fails before')],
    ['never', 10, () => harness.deadLetters.faults.inject('send', 'fails before')],
  ])('sending the next attempt fails: %s', async (_, attempt, fail) => {
    fail();
    expect(await harness.process(of({ attempt }))).toEqual(['message-1']);
    expect(harness.deferrals).toEqual([900]);
  });

  test('the number of deliveries does not change the attempt', async () => {
    await harness.process(of({ attempt: 2 }, { deliveryCount: 7 }));
    expect(sentWebhooks(harness.queue).map(({ attempt }) => attempt)).toEqual([3]);
  });

  test('an invalid message', async () => {
    expect(await harness.process(delivery('{}'))).toEqual(['message-1']);
    expect(harness.deferrals).toEqual([900]);
  });

  test('setting the delay fails: the message still returns', async () => {
    harness.faults.inject('read', 'fails before');
    harness.input.faults.inject('defer', 'fails before');
    expect(await harness.process(of())).toEqual(['message-1']);
  });
});

describe('the webhook’s state on the record of its request:', () => {
  const NOTED = { endedAt: START - 1_000, at: START, attempts: 1 };
  beforeEach(() => harness.record());

  test.each([
    [200, 1, { status: 'delivered' }],
    [410, 1, { status: 'disabled' }],
    [500, 1, { status: 'failing', reason: 'the receiver answered 500', nextAttemptAt: START + 5_000 }],
    [500, 4, { status: 'failing', reason: 'the receiver answered 500', nextAttemptAt: START + 7_200_000 }],
    [500, 10, { status: 'dead_lettered', reason: 'the receiver answered 500' }],
  ])('%d on attempt %d', async (status, attempt, expected) => {
    harness.answer = { status };
    await harness.process(of({ attempt }));
    expect(await harness.noted()).toEqual({ ...NOTED, attempts: attempt, ...expected });
  });

  test('a reason is short and well-formed', async () => {
    harness.deliverer = new WebhookDeliverer({
      ...harness.ports,
      sender: { post: () => Promise.reject(new Error(`${'x'.repeat(199)}🧥`)) },
    });
    await harness.process(of());
    expect((await harness.noted())?.reason).toBe(`${'x'.repeat(199)}\ufffd`);
  });

  test('a failure to write it does not affect the delivery', async () => {
    harness.states.faults.inject('note', 'fails before', 'fails before');
    expect(await harness.process(of())).toEqual([]);
    harness.answer = { status: 500 };
    expect(await harness.process(of())).toEqual([]);
    expect(harness.delays).toEqual([5]);
  });

  test('an internal failure is not an attempt', async () => {
    harness.faults.inject('read', 'fails before');
    await harness.process(of());
    expect(await harness.noted()).toBeUndefined();
  });
});

test('one of three messages fails: two are done', async () => {
  harness.faults.inject('read', 'works', 'fails before');
  const batch = ['a', 'b', 'c'].map((id) => of({ id }, { id }));
  expect(await harness.process(...batch)).toEqual(['b']);
});

describe('the trace of a request', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  test('is in every attempt and in its log lines', async () => {
    const harness = new Harness();
    harness.answer = { status: 503, retryAfter: '3600' };
    await harness.process(delivery(encodeWebhook({ ...MESSAGE, traceparent, tracestate: 'a=1' })));
    const [next] = [...harness.scheduled.values()];
    if (!next) throw new Error('nothing is scheduled');
    harness.answer = { status: 200 };
    await harness.process(delivery(encodeWebhook(next.message)));

    expect(harness.calls.map(({ headers }) => headers)).toMatchObject(
      Array(2).fill({ traceparent, tracestate: 'a=1' }),
    );
    const traced = harness.logger.lines.map(({ fields }) => fields.traceId);
    expect(traced).toEqual(Array(2).fill('0af7651916cd43dd8448eb211c80319c'));
  });

  test('is absent if the request has none', async () => {
    const harness = new Harness();
    await harness.process(delivery(encodeWebhook(MESSAGE)));
    expect(harness.calls[0]?.headers).not.toHaveProperty('traceparent');
    expect(harness.calls[0]?.headers).not.toHaveProperty('tracestate');
  });
});

describe('progress', () => {
  const progress = (ageSeconds = 0, given: Partial<WebhookMessage> = {}) =>
    of({
      ...given,
      subject: { type: 'coatcheck.request.progress', request: REQUEST, at: START - ageSeconds * 1000 },
    });

  test('is delivered, and does not change the webhook’s state on the record', async () => {
    await harness.record();
    expect(await harness.process(progress())).toEqual([]);
    expect(harness.calls).toHaveLength(1);
    expect(await harness.noted()).toBeUndefined();
  });

  test('gets one more attempt soon after a failure', async () => {
    harness.answer = { status: 500 };
    expect(await harness.process(progress())).toEqual([]);
    expect(harness.delays).toEqual([5]);
  });

  test.each([
    ['with a next attempt that would be too late', { attempt: 2 }, { status: 500 }],
    ['with a receiver that asks for a long delay', {}, { status: 503, retryAfter: '3600' }],
  ])('%s is dropped without a dead letter', async (_, given, answer) => {
    harness.answer = answer;
    expect(await harness.process(progress(0, given))).toEqual([]);
    expect(harness.calls).toHaveLength(1);
    expect(harness.delays).toEqual([]);
    expect(harness.scheduled.size).toBe(0);
    expect(harness.deadLetters.sent).toEqual([]);
  });

  test('is delivered up to an age of a minute, then dropped', async () => {
    expect(await harness.process(progress(60))).toEqual([]);
    expect(harness.calls).toHaveLength(1);
    expect(await harness.process(progress(60.001))).toEqual([]);
    expect(harness.calls).toHaveLength(1);
  });
});
