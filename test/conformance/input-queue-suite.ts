import { describe, expect, test } from 'vitest';
import type { ReceivedMessage, SourceCapabilities } from '../../lib/core/model/received-message.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import { collect } from '../support/eventually.ts';

/** An input queue that is empty, its senders and its consumers. */
export interface InputQueueHarness extends AsyncDisposable {
  send(body: string, attributes?: Readonly<Record<string, string>>): Promise<void>;
  /** Deliverable messages, up to `max`. It may return fewer, even none, though there are more. */
  receive(max: number): Promise<readonly ReceivedMessage[]>;
  /**
   * Ends the consumer without settling its messages, as a crash does, and starts another one. Later calls of
   * {@link receive} are that one's.
   */
  reopen?(): Promise<void>;
  /** Messages that came to the dead-letter queue since the last call. */
  deadLetters?(): Promise<readonly Pick<OutputMessage, 'body' | 'attributes'>[]>;
}

/** What an input queue can do. It selects the tests. */
export interface InputQueueCapabilities extends Pick<SourceCapabilities, 'ordered' | 'countsDeliveries'> {
  /**
   * When the messages of a consumer that crashed are delivered again: after a timeout, or when its connection ends. A
   * queue of the second kind needs `reopen`.
   */
  readonly redelivers: 'after timeout' | 'after disconnect';
  /** Whether the methods of a delivery have no effect after the message was delivered again. */
  readonly fencesReceipts: boolean;
  /** Whether a message says when it was first delivered. */
  readonly datesFirstDelivery: boolean;
  /** Whether the harness has {@link InputQueueHarness.reopen}. */
  readonly reopens: boolean;
  /** Whether the harness has {@link InputQueueHarness.deadLetters}. */
  readonly deadLetters: boolean;
}

/**
 * Opens a new queue.
 * @param hiddenSeconds how long a delivered message is hidden from other consumers, whole seconds from 1. A queue that
 *   redelivers after a disconnect has no use for it.
 */
export type OpenInputQueue = (hiddenSeconds: number) => Promise<InputQueueHarness>;

/** Longer than any test. */
const LONG_SECONDS = 3_600;

/** Longer than a busy machine takes from a delivery to the next call, and short enough to wait for. */
const SHORT_SECONDS = 3;

/** The behaviour of every input queue. */
export function exerciseInputQueue(
  name: string,
  open: OpenInputQueue,
  capabilities: InputQueueCapabilities,
): void {
  const timesOut = capabilities.redelivers === 'after timeout';

  async function send(harness: InputQueueHarness, count: number): Promise<string[]> {
    const bodies = Array.from({ length: count }, (_, nth) => `body ${nth}`);
    for (const body of bodies) await harness.send(body);
    return bodies;
  }

  async function receive(harness: InputQueueHarness, count: number): Promise<ReceivedMessage[]> {
    return collect(count, () => harness.receive(10));
  }

  async function receiveOne(harness: InputQueueHarness): Promise<ReceivedMessage> {
    const [message, ...more] = await receive(harness, 1);
    if (!message || more.length > 0) throw new Error(`expected one message, got ${more.length + 1}`);
    return message;
  }

  /** Sends a message and receives whatever is deliverable before it. */
  async function bodiesUntilMarker(harness: InputQueueHarness): Promise<string[]> {
    await harness.send('marker');
    const bodies: string[] = [];
    while (!bodies.includes('marker')) {
      const messages = await receive(harness, 1);
      bodies.push(...messages.map(({ body }) => body));
      await Promise.all(messages.map((message) => message.ack()));
    }
    return bodies;
  }

  /** Receives a message twice, as two consumers do if the first one is too slow. */
  async function deliverTwice(harness: InputQueueHarness) {
    await harness.send('slow');
    return { stale: await receiveOne(harness), current: await receiveOne(harness) };
  }

  /** Queues may confirm or refuse the call of a stale delivery. */
  async function settleStale(call: Promise<void>): Promise<void> {
    await call.catch(() => undefined);
  }

  describe(name, () => {
    test('delivers a message with what the engine needs to know', async () => {
      await using harness = await open(LONG_SECONDS);
      const before = Date.now();
      await harness.send('{"text":"żółć 漢字 🧥\\n"}\t\r\n', { RequestId: 'r-1', ExtendedPayloadSize: '5' });
      const message = await receiveOne(harness);
      expect(message).toMatchObject({
        body: '{"text":"żółć 漢字 🧥\\n"}\t\r\n',
        attributes: { RequestId: 'r-1', ExtendedPayloadSize: '5' },
        source: { ordered: capabilities.ordered, countsDeliveries: capabilities.countsDeliveries },
      });
      expect(message.id).toMatch(/./);
      expect(message.deliveryCount).toBe(capabilities.countsDeliveries ? 1 : undefined);
      for (const time of [message.sentAt, message.firstDeliveredAt ?? before]) {
        expect(time).toBeGreaterThanOrEqual(before - 1_000);
        expect(time).toBeLessThanOrEqual(Date.now() + 1_000);
      }
      expect(message.firstDeliveredAt !== undefined).toBe(capabilities.datesFirstDelivery);
    });

    test('delivers each of many once, with an id of its own', async () => {
      await using harness = await open(LONG_SECONDS);
      const bodies = await send(harness, 25);
      const messages = await receive(harness, 25);
      expect(messages.map(({ body }) => body).toSorted()).toEqual(bodies.toSorted());
      expect(new Set(messages.map(({ id }) => id)).size).toBe(25);
      expect(await harness.receive(10)).toEqual([]);
    });

    test('delivers at most as many as asked for', async () => {
      await using harness = await open(LONG_SECONDS);
      await send(harness, 3);
      await collect(3, async () => {
        const messages = await harness.receive(1);
        expect(messages.length).toBeLessThanOrEqual(1);
        return messages;
      });
    });

    test.skipIf(!capabilities.ordered)('delivers messages in the order they were sent', async () => {
      await using harness = await open(LONG_SECONDS);
      const bodies = await send(harness, 25);
      const received: string[] = [];
      while (received.length < bodies.length) {
        for (const message of await receive(harness, 1)) {
          received.push(message.body);
          await message.ack();
        }
      }
      expect(received).toEqual(bodies);
    });

    test('delivers again at once after retryAfter(0)', async () => {
      await using harness = await open(LONG_SECONDS);
      await harness.send('again', { RequestId: 'r-1' });
      const first = await receiveOne(harness);
      await first.retryAfter(0);
      const second = await receiveOne(harness);
      expect(second).toMatchObject({ id: first.id, body: 'again', attributes: { RequestId: 'r-1' } });
      expect(second.firstDeliveredAt).toBe(first.firstDeliveredAt);
    });

    test.skipIf(!capabilities.countsDeliveries)('counts deliveries', async () => {
      await using harness = await open(LONG_SECONDS);
      await harness.send('again');
      for (let count = 1; count <= 3; count++) {
        const message = await receiveOne(harness);
        expect(message.deliveryCount).toBe(count);
        await message.retryAfter(0);
      }
    });

    test('delivers again after the wait of retryAfter, not before', async () => {
      await using harness = await open(LONG_SECONDS);
      await harness.send('later');
      const first = await receiveOne(harness);
      const due = Date.now() + 2_000;
      await first.retryAfter(2);
      expect(await receiveOne(harness)).toMatchObject({ id: first.id });
      expect(Date.now()).toBeGreaterThanOrEqual(due);
    });

    test('defers each of many by its own wait', async () => {
      await using harness = await open(LONG_SECONDS);
      await send(harness, 25);
      const messages = await receive(harness, 25);
      await Promise.all(messages.map((message, nth) => message.retryAfter(nth % 2 === 0 ? 0 : 1_000)));
      const again = await receive(harness, 13);
      const expected = messages.filter((_, nth) => nth % 2 === 0);
      expect(again.map(({ id }) => id).toSorted()).toEqual(expected.map(({ id }) => id).toSorted());
      expect(await harness.receive(10)).toEqual([]);
    });

    test('delivers acknowledged messages no more', async () => {
      await using harness = await open(LONG_SECONDS);
      await send(harness, 25);
      const [kept, ...ended] = await receive(harness, 25);
      await Promise.all(ended.map((message) => message.ack()));
      await kept?.retryAfter(0);
      expect(await receiveOne(harness)).toMatchObject({ id: kept?.id });
      expect(await harness.receive(10)).toEqual([]);
    });

    test.skipIf(!timesOut)('delivers a message again if its consumer never settles it', async () => {
      await using harness = await open(SHORT_SECONDS);
      const { stale, current } = await deliverTwice(harness);
      expect(current).toMatchObject({ id: stale.id, body: 'slow' });
      if (capabilities.countsDeliveries) expect(current.deliveryCount).toBe(2);
    });

    test.skipIf(!timesOut)('hides an extended message longer than the others', async () => {
      await using harness = await open(SHORT_SECONDS);
      await send(harness, 2);
      const [extended, other] = await receive(harness, 2);
      await extended?.extend(LONG_SECONDS);
      expect(await receiveOne(harness)).toMatchObject({ id: other?.id });
    });

    describe.skipIf(!timesOut || !capabilities.fencesReceipts)('after a message was delivered again', () => {
      test('ack of the earlier delivery does not remove it', async () => {
        await using harness = await open(SHORT_SECONDS);
        const { stale, current } = await deliverTwice(harness);
        await settleStale(stale.ack());
        await current.retryAfter(0);
        expect(await receiveOne(harness)).toMatchObject({ id: current.id });
      });

      test('extend of the earlier delivery does not hide it', async () => {
        await using harness = await open(SHORT_SECONDS);
        const { stale, current } = await deliverTwice(harness);
        await settleStale(stale.extend(LONG_SECONDS));
        expect(await receiveOne(harness)).toMatchObject({ id: current.id });
      });

      test('retryAfter of the earlier delivery does not deliver it', async () => {
        await using harness = await open(SHORT_SECONDS);
        const { stale, current } = await deliverTwice(harness);
        await current.extend(LONG_SECONDS);
        await settleStale(stale.retryAfter(0));
        expect(await bodiesUntilMarker(harness)).toEqual(['marker']);
      });
    });

    test.skipIf(!capabilities.reopens)('keeps messages over a restart', async () => {
      await using harness = await open(SHORT_SECONDS);
      await send(harness, 3);
      const [ended, ...unsettled] = await receive(harness, 3);
      await ended?.ack();
      await harness.reopen?.();
      const again = await collectIds(harness, 2);
      expect(again).toEqual(new Set(unsettled.map(({ id }) => id)));
    });

    test.skipIf(!capabilities.reopens)('ends settlements that have begun when it is closed', async () => {
      await using harness = await open(SHORT_SECONDS);
      await send(harness, 3);
      const [ended, deferred, held] = await receive(harness, 3);
      const settling = Promise.all([ended?.ack(), deferred?.retryAfter(LONG_SECONDS)]);
      await harness.reopen?.();
      await settling;
      // What isn't settled is delivered again, and the others would be with it.
      const again = await receiveOne(harness);
      expect(again.id).toBe(held?.id);
      await again.ack();
      expect(await bodiesUntilMarker(harness)).toEqual(['marker']);
    });

    test.skipIf(!capabilities.reopens)('keeps the wait of retryAfter over a restart', async () => {
      await using harness = await open(SHORT_SECONDS);
      await send(harness, 2);
      const [deferred, due] = await receive(harness, 2);
      await Promise.all([deferred?.retryAfter(LONG_SECONDS), due?.retryAfter(0)]);
      await harness.reopen?.();
      expect(await receiveOne(harness)).toMatchObject({ id: due?.id });
    });

    test.skipIf(!capabilities.deadLetters)(
      'copies a message to the dead-letter queue, with the reason',
      async () => {
        await using harness = await open(LONG_SECONDS);
        await harness.send('żółć', { RequestId: 'r-1' });
        const message = await receiveOne(harness);
        const dead = await message.deadLetter({
          requestId: 'r-1',
          code: 'attempts_exhausted',
          detail: 'All 3 attempts failed',
          attempts: 3,
          submittedAt: Date.UTC(2026, 0, 31, 12),
          redrives: 1,
        });
        expect(dead).toEqual({ moved: true, bare: false });
        const [letter] = await collect(1, async () => (await harness.deadLetters?.()) ?? []);
        expect(letter).toMatchObject({
          body: 'żółć',
          attributes: {
            RequestId: { type: 'String', value: 'r-1' },
            [ATTRIBUTES.deadLetterCode]: { type: 'String', value: 'attempts_exhausted' },
            [ATTRIBUTES.deadLetterDetail]: { type: 'String', value: 'All 3 attempts failed' },
            [ATTRIBUTES.deadLetterAttempts]: { type: 'Number', value: '3' },
            [ATTRIBUTES.deadLetterRedrives]: { type: 'Number', value: '1' },
          },
        });
        // The caller acknowledges it afterwards: a crash in between must not lose it.
        await message.retryAfter(0);
        expect(await receiveOne(harness)).toMatchObject({ id: message.id });
      },
    );
  });

  /** Ids of messages that are delivered, perhaps more than once, until there are so many. */
  async function collectIds(harness: InputQueueHarness, count: number): Promise<Set<string>> {
    const ids = new Set<string>();
    while (ids.size < count) for (const { id } of await receive(harness, 1)) ids.add(id);
    return ids;
  }
}
