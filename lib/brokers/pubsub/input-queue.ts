import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/base/serialize-error.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { QueueMessage, ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { InputOptions } from '../../core/ports/broker.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';
import { DeadLetterSender, NO_DEAD_LETTER_QUEUE } from '../../core/wire/dead-letter-sender.ts';
import { ReconnectingSession } from '../reconnecting-session.ts';
import { RunningSettlements } from '../running-settlements.ts';
import { describeConnection, isRepeatable, reasonsByAckId } from './client.ts';
import { decodeContent, MAX_REQUEST_BYTES } from './message.ts';
import { MAX_IDS, PullSession, type Received } from './pull-session.ts';
import { logSubscriptionGuarantee } from './subscription.ts';
import type { PubSubResource } from './url.ts';

/** How long a settlement may take, a reconnection included. */
const SETTLE_TIMEOUT_MILLISECONDS = 10_000;

/** How long to wait for the reply to a settlement before it is sent again, and how long before a failed one is. */
const REPLY_TIMEOUT_MILLISECONDS = 4_000;
const RETRY_MILLISECONDS = 200;

/**
 * Longest ack deadline. A message is delayed by its ack deadline.
 * @see https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1#modifyackdeadlinerequest
 */
const MAX_ACK_DEADLINE_SECONDS = 600;

/** What a settlement does: it acknowledges, or sets the ack deadline to so many seconds. */
type Settlement = 'ack' | number;

/** A message whose settlement waits for the next call. */
interface Pending extends PromiseWithResolvers<void> {
  readonly ackId: string;
}

/**
 * A pull subscription. With order, the service itself delivers messages of an ordering key one after another, to one worker.
 */
export class PubSubInputQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds: number;
  readonly #connection: ReconnectingSession<PullSession>;
  readonly #deadLetters: DeadLetterSender | undefined;
  /** Settlements of this turn of the event loop share calls. */
  #batches = new Map<Settlement, Pending[]>();
  /** Calls that a close waits for. */
  readonly #settling = new RunningSettlements();

  private constructor(
    connection: ReconnectingSession<PullSession>,
    { deadLetters, ordered = false }: InputOptions,
  ) {
    const { ackDeadlineSeconds, maxDeliveries } = connection.current.settings;
    this.#connection = connection;
    this.#deadLetters = deadLetters && new DeadLetterSender(deadLetters, Math.random);
    this.visibilitySeconds = ackDeadlineSeconds;
    this.capabilities = {
      maxDelaySeconds: MAX_ACK_DEADLINE_SECONDS,
      ordered,
      countsDeliveries: maxDeliveries !== undefined,
      ...(maxDeliveries !== undefined && { maxDeliveries }),
      maxBytes: MAX_REQUEST_BYTES,
    };
  }

  /** @throws ConfigurationError if the subscription is unsuitable; another error if the service can't be reached */
  static async open(resource: PubSubResource, options: InputOptions): Promise<PubSubInputQueue> {
    const { logger, maxAttempts, ordered } = options;
    const connection = await ReconnectingSession.open({
      server: describeConnection(resource),
      logger,
      open: (end) => PullSession.open({ resource, maxAttempts, ordered }, end),
    });
    logSubscriptionGuarantee(logger, resource, connection.current.subscription);
    return new PubSubInputQueue(connection, options);
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const session = this.#connection.current;
      const messages = session.take(max);
      if (messages.length > 0) return messages.map((message) => this.#receivedMessage(message));
      await unlessAborted(session.pull(max), signal, () => undefined);
    }
    return [];
  }

  #receivedMessage(received: Received): ReceivedMessage {
    const decoded = decodeReceived(received);
    // The service knows no order of messages without an ordering key.
    const { group = decoded.id } = decoded;
    const message = this.capabilities.ordered ? { ...decoded, group } : decoded;
    const settle = (settlement: Settlement) => this.#settle(received.ackId ?? '', settlement);
    return {
      ...message,
      source: this.capabilities,
      ack: () => settle('ack'),
      retryAfter: (seconds) => settle(Math.min(Math.ceil(seconds), MAX_ACK_DEADLINE_SECONDS)),
      extend: (seconds) => settle(Math.min(Math.max(Math.ceil(seconds), 1), MAX_ACK_DEADLINE_SECONDS)),
      deadLetter: async (reason) => this.#deadLetters?.send(message, reason) ?? NO_DEAD_LETTER_QUEUE,
    };
  }

  #settle(ackId: string, settlement: Settlement): Promise<void> {
    const pending = { ackId, ...Promise.withResolvers<void>() };
    if (this.#batches.size === 0) {
      void this.#settling.add(immediate().then(() => this.#flush()));
    }
    const batch = this.#batches.get(settlement);
    if (batch) batch.push(pending);
    else this.#batches.set(settlement, [pending]);
    return pending.promise;
  }

  async #flush(): Promise<void> {
    const batches = this.#batches;
    this.#batches = new Map();
    const calls: Promise<void>[] = [];
    for (const [settlement, batch] of batches) {
      for (let at = 0; at < batch.length; at += MAX_IDS) {
        calls.push(this.#confirm(settlement, batch.slice(at, at + MAX_IDS)));
      }
    }
    await Promise.all(calls);
  }

  /** Repeats a settlement until the service confirms it, on the next connection if one is lost. Never rejects. */
  async #confirm(settlement: Settlement, batch: readonly Pending[]): Promise<void> {
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MILLISECONDS);
    const deadline = Date.now() + SETTLE_TIMEOUT_MILLISECONDS;
    let left = batch;
    while (left.length > 0) {
      try {
        const session = await this.#connection.connected(signal);
        const ackIds = left.map(({ ackId }) => ackId);
        const timeout = Math.max(1, Math.min(REPLY_TIMEOUT_MILLISECONDS, deadline - Date.now()));
        if (settlement === 'ack') await session.acknowledge(ackIds, timeout);
        else await session.modifyAckDeadline(ackIds, settlement, timeout);
        for (const { resolve } of left) resolve();
        return;
      } catch (error) {
        const mayRepeat = Date.now() < deadline;
        left = rejectFailed(left, error, mayRepeat);
        if (left.length > 0) await sleep(RETRY_MILLISECONDS);
      }
    }
  }

  /** Waits for settlements that have begun, and returns messages that weren't taken. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settling.ended();
    await this.#connection[Symbol.asyncDispose]();
  }
}

/**
 * Rejects settlements that can't succeed any more. With exactly-once delivery the service says for each id why it failed;
 * the others of the call are repeated.
 * @returns what is to be repeated
 */
function rejectFailed(batch: readonly Pending[], error: unknown, mayRepeat: boolean): readonly Pending[] {
  const reasons = reasonsByAckId(error);
  return batch.filter(({ ackId, reject }) => {
    const reason = reasons.get(ackId);
    const mayPass =
      reason === undefined ? reasons.size > 0 || isRepeatable(error) : reason.startsWith('TRANSIENT_');
    if (mayPass && mayRepeat) return true;
    reject(
      new Error(`Pub/Sub didn't confirm the settlement: ${reason ?? messageOf(error)}`, { cause: error }),
    );
    return false;
  });
}

function decodeReceived({ message, deliveryAttempt }: Received): QueueMessage {
  const { messageId, publishTime } = message ?? {};
  const { seconds, nanos } = publishTime ?? {};
  const milliseconds = Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000);
  return {
    ...decodeContent(message ?? {}),
    // With its time: an emulator that is started again counts from its first id again.
    id: `${messageId}:${milliseconds}`,
    // 0 without a dead-letter policy.
    ...(deliveryAttempt ? { deliveryCount: deliveryAttempt } : {}),
    sentAt: milliseconds,
  };
}
