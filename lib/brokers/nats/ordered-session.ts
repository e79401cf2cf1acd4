import type { JetStreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../../core/ports/telemetry.ts';
import { ExclusiveLease } from '../exclusive-lease.ts';
import { closedSignal } from './connection.ts';
import { LEASE_SECONDS, LeaseStream } from './lease-stream.ts';
import { createOrderedConsumer, deleteOrderedConsumers } from './ordered-consumer.ts';
import { type MessageSession, PullSession } from './pull-session.ts';
import type { ConsumerLimits } from './stream.ts';
import type { NatsInputUrl } from './url.ts';

/** What an {@link OrderedSession} works with. */
export interface OrderedSessionOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly url: NatsInputUrl;
  /** Names this worker. */
  readonly holder: string;
  readonly logger: Logger;
  readonly end: (reason: Error) => void;
}

/** Nothing is delivered again to another worker, and what is delivered has no age. */
const LIMITS: ConsumerLimits = {
  ackWaitSeconds: Number.POSITIVE_INFINITY,
  maxBatch: Number.POSITIVE_INFINITY,
  maxExpiresMilliseconds: Number.POSITIVE_INFINITY,
};

/**
 * A connection of the only worker that receives, or of one that stands by. When it has the lease, it deletes the consumer of
 * the worker before and creates its own: so it gets all messages that aren't acknowledged, in their order, and the worker
 * before gets none any more, even if it was only suspended.
 */
export class OrderedSession implements MessageSession {
  readonly connection: NatsConnection;
  readonly closed: AbortSignal;
  readonly limits = LIMITS;
  readonly #options: OrderedSessionOptions;
  readonly #lease: ExclusiveLease;
  #active: PullSession | undefined;
  #activating: Promise<void> | undefined;

  private constructor(options: OrderedSessionOptions, store: LeaseStream) {
    const { connection, url, logger, end } = options;
    this.connection = connection;
    this.closed = closedSignal(connection);
    this.#options = options;
    this.#lease = new ExclusiveLease({
      store,
      seconds: LEASE_SECONDS,
      queue: url.stream,
      logger,
      onLost: end,
    });
  }

  /** @throws ConfigurationError if the server refuses what is needed */
  static async open(options: OrderedSessionOptions): Promise<OrderedSession> {
    const { manager, url, holder } = options;
    return new OrderedSession(options, await LeaseStream.open(manager, url, holder));
  }

  take(max: number): Msg[] {
    return this.#active?.take(max) ?? [];
  }

  async pull(max: number): Promise<void> {
    if (!this.#active) {
      this.#activating ??= this.#activate().finally(() => {
        this.#activating = undefined;
      });
      await this.#activating;
    }
    await this.#active?.pull(max);
  }

  async #activate(): Promise<void> {
    await this.#lease.held;
    const { connection, manager, url, end } = this.#options;
    await deleteOrderedConsumers(manager, url);
    const consumer = await createOrderedConsumer(manager, url);
    this.#active = new PullSession(connection, { stream: url.stream, consumer }, LIMITS, end);
  }

  /** The next worker gets at once what isn't acknowledged. */
  async close(): Promise<void> {
    const { manager, url } = this.#options;
    try {
      if (this.#active) await deleteOrderedConsumers(manager, url);
      await this.#lease[Symbol.asyncDispose]();
    } finally {
      await (this.#active ?? this.connection).close();
    }
  }

  lost(reason: Error): void {
    this.#lease.abandon(reason);
    if (this.#active) this.#active.lost(reason);
    else void this.connection.close().catch(() => {});
  }
}
