import { JetStreamApiError, type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { SendResult } from '../../core/ports/message-sink.ts';
import type { Session } from '../reconnecting-session.ts';
import { closedSignal, unlessClosed } from './connection.ts';
import type { EncodedMessage } from './message.ts';
import { subjectFor } from './url.ts';

/** The error code of a message that is larger than `max_msg_size` of the stream. */
const MESSAGE_TOO_LARGE = 10_054;

/** A connection that publishes to one subject, or to one per request. */
export abstract class PublishSession implements Session {
  /** Most bytes of a message with its headers. */
  readonly maxMessageBytes: number;
  /** Fires when the connection is lost. */
  readonly closed: AbortSignal;
  protected readonly connection: NatsConnection;
  protected readonly subject: string;

  constructor(connection: NatsConnection, subject: string, maxMessageBytes = Number.POSITIVE_INFINITY) {
    this.connection = connection;
    this.subject = subject;
    this.closed = closedSignal(connection);
    this.maxMessageBytes = Math.min(maxMessageBytes, connection.info?.max_payload ?? 0);
  }

  /** Publishes a message. Never rejects. */
  abstract publish(message: EncodedMessage): Promise<SendResult>;

  async close(): Promise<void> {
    await unlessClosed(this.connection.flush(), this.closed);
    await this.connection.close();
  }

  lost(): void {
    void this.connection.close().catch(() => {});
  }
}

/** Publishes to JetStream: a stream confirms each message. */
export class JetStreamPublishSession extends PublishSession {
  readonly #client: JetStreamClient;
  readonly #timeout: number;

  /** @param timeoutMilliseconds how long a confirmation may take */
  constructor(
    connection: NatsConnection,
    subject: string,
    maxMessageBytes: number,
    timeoutMilliseconds: number,
  ) {
    super(connection, subject, maxMessageBytes);
    this.#client = jetstream(connection);
    this.#timeout = timeoutMilliseconds;
  }

  async publish({ data, headers, ...addressed }: EncodedMessage): Promise<SendResult> {
    try {
      const subject = subjectFor(this.subject, addressed);
      const options = { headers, timeout: this.#timeout };
      await unlessClosed(this.#client.publish(subject, data, options), this.closed);
      return { sent: true };
    } catch (error) {
      const isRefused = error instanceof JetStreamApiError && error.code === MESSAGE_TOO_LARGE;
      return { sent: false, refused: isRefused, reason: this.#reasonOf(error) };
    }
  }

  /** The client says "jetstream is not enabled" if no stream takes the subject. */
  #reasonOf(error: unknown): string {
    if (error instanceof Error && error.name === 'JetStreamNotEnabled') {
      return `no stream takes the subject ${this.subject}, or JetStream is not available`;
    }
    return messageOf(error);
  }
}

/** Publishes to core NATS: the server has each message, and delivers it to who listens at the moment. */
export class CorePublishSession extends PublishSession {
  #flushing: Promise<void> | undefined;
  #violation: Error | undefined;

  constructor(connection: NatsConnection, subject: string) {
    super(connection, subject);
    void this.#watch();
  }

  async publish({ data, headers, ...addressed }: EncodedMessage): Promise<SendResult> {
    try {
      this.connection.publish(subjectFor(this.subject, addressed), data, { headers });
      await this.#flush();
      return { sent: true };
    } catch (error) {
      return { sent: false, refused: false, reason: messageOf(error) };
    }
  }

  /** One flush for the messages of one turn. A refusal of the server comes before the answer to the flush. */
  #flush(): Promise<void> {
    this.#flushing ??= Promise.resolve().then(async () => {
      this.#flushing = undefined;
      this.#violation = undefined;
      await unlessClosed(this.connection.flush(), this.closed);
      if (this.#violation) throw this.#violation;
    });
    return this.#flushing;
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError) {
        this.#violation = status.error;
      }
    }
  }
}
