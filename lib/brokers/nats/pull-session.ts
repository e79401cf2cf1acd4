import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { Session } from '../reconnecting-session.ts';
import { closedSignal, unlessClosed } from './connection.ts';
import type { ConsumerLimits } from './stream.ts';

/** How long a pull waits for a message. A pull that the server forgot, as at a change of leader, costs this long. */
const WAIT_MILLISECONDS = 10_000;

/** How much later than that the server's answer may come. */
const WAIT_GRACE_MILLISECONDS = 2_000;

/** A message and when it came. */
interface Arrival {
  readonly message: Msg;
  readonly at: number;
}

/** Statuses of a pull that ended as it should: no messages, timeout, end of batch, change of leader, shutdown. */
const ORDINARY_STATUS = /no messages|timeout|completed|leadership change|shutdown|eob/i;

/** A connection that receives messages. */
export interface MessageSession extends Session {
  readonly connection: NatsConnection;
  /** Fires when the connection is lost. */
  readonly closed: AbortSignal;
  readonly limits: ConsumerLimits;
  /** Takes messages that came. */
  take(max: number): Msg[];
  /** Resolves when messages may have come. @throws an error if none can be received */
  pull(max: number): Promise<void>;
}

/**
 * A connection that pulls messages of one consumer. It pulls what is there in one call, and waits for one message if
 * there is none: so at most one message comes for which no call waits.
 */
export class PullSession implements MessageSession {
  readonly connection: NatsConnection;
  readonly closed: AbortSignal;
  readonly limits: ConsumerLimits;
  readonly #subject: string;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #end: (reason: Error) => void;
  #arrived: Arrival[] = [];
  /** The pull that the server works on. */
  #pull: { readonly reply: string; left: number; readonly over: PromiseWithResolvers<void> } | undefined;
  #pulls = 0;

  constructor(
    connection: NatsConnection,
    { stream, consumer }: { readonly stream: string; readonly consumer: string },
    limits: ConsumerLimits,
    end: (reason: Error) => void,
  ) {
    this.connection = connection;
    this.closed = closedSignal(connection);
    this.limits = limits;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#end = end;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error) end(error);
        else this.#receive(message);
      },
    });
  }

  /**
   * Takes messages that came. One that came too long ago is left out: the server delivers it again, or has.
   */
  take(max: number): Msg[] {
    const oldest = Date.now() - this.limits.ackWaitSeconds * 1_000;
    this.#arrived = this.#arrived.filter(({ at }) => at > oldest);
    return this.#arrived.splice(0, max).map(({ message }) => message);
  }

  /** Resolves when messages may have come. @throws an error if the consumer can't be pulled from */
  async pull(max: number): Promise<void> {
    if (!this.#pull) {
      const batch = Math.min(max, this.limits.maxBatch);
      await this.#request({ batch, no_wait: true }, batch, WAIT_GRACE_MILLISECONDS);
      if (this.#arrived.length > 0) return;
    }
    await this.#waitForOne();
  }

  async #waitForOne(): Promise<void> {
    if (this.#pull) return this.#pull.over.promise;
    const milliseconds = Math.min(WAIT_MILLISECONDS, this.limits.maxExpiresMilliseconds);
    const request = { batch: 1, expires: milliseconds * 1_000_000 };
    await this.#request(request, 1, milliseconds + WAIT_GRACE_MILLISECONDS);
  }

  async #request(options: object, batch: number, limitMilliseconds: number): Promise<void> {
    const reply = `${this.#inbox}.${++this.#pulls}`;
    const over = Promise.withResolvers<void>();
    over.promise.catch(() => {});
    this.#pull = { reply, left: batch, over };
    const timer = setTimeout(() => this.#over(), limitMilliseconds);
    over.promise.finally(() => clearTimeout(timer)).catch(() => {});
    try {
      this.connection.publish(this.#subject, JSON.stringify(options), { reply });
    } catch (error) {
      this.#over(error instanceof Error ? error : new Error(messageOf(error)));
    }
    await over.promise;
  }

  #receive(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === 0) {
      this.#arrived.push({ message, at: Date.now() });
      if (this.#pull && --this.#pull.left <= 0) this.#over();
      return;
    }
    // A status of an earlier pull.
    if (message.subject !== this.#pull?.reply || code === 100) return;
    const reason = message.headers?.description || 'no responders';
    if (code === 404 || code === 408 || ORDINARY_STATUS.test(reason)) {
      this.#over();
      return;
    }
    const error = new Error(`NATS refuses to deliver messages: ${code} ${reason}`);
    this.#over(error);
    // The consumer was deleted, or nothing listens to its subject: it is looked up again, and created if it is missing.
    if (code === 503 || /deleted/i.test(reason)) this.#end(error);
  }

  #over(error?: Error): void {
    const pull = this.#pull;
    this.#pull = undefined;
    if (error) pull?.over.reject(error);
    else pull?.over.resolve();
  }

  /** Stops pulling and returns what came and wasn't taken. */
  async close(): Promise<void> {
    try {
      // Takes what the server sent before it knew of that. After a mere unsubscribe the client drops it.
      await unlessClosed(this.#subscription.drain(), this.closed);
      for (const { message } of this.#arrived) message.respond('-NAK');
      await unlessClosed(this.connection.flush(), this.closed);
    } finally {
      this.#over(new Error('the queue was closed'));
      await this.connection.close();
    }
  }

  lost(reason: Error): void {
    this.#arrived = [];
    this.#over(reason);
    void this.connection.close().catch(() => {});
  }
}
