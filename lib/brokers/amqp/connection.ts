import { type Channel, type ChannelModel, connect } from 'amqplib';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { type AmqpAddress, describeAddress } from './url.ts';

/** Time limit of the handshakes of TCP and TLS. */
const CONNECT_TIMEOUT_MILLISECONDS = 10_000;

/** What amqplib says about a refused login, and about a refused virtual host, where it omits the server's reason. */
const REFUSED = /ACCESS.REFUSED|Expected ConnectionOpenOk; got <ConnectionClose/;

/** A connection to RabbitMQ. */
export class AmqpConnection {
  readonly model: ChannelModel;
  /** Ends the session on it, for example because a channel was closed. */
  readonly end: (reason: Error) => void;
  readonly #ended: Promise<never>;
  readonly #closed: Promise<void>;

  private constructor(model: ChannelModel, end: (reason: Error) => void) {
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(end);
    this.model = model;
    this.end = ended.reject;
    this.#ended = ended.promise;
    // A listener at once: an error without one ends the process. A clean stop of the server comes without an error.
    model.on('error', ended.reject);
    const closed = Promise.withResolvers<void>();
    model.on('close', (error) => {
      closed.resolve();
      ended.reject(error ?? new Error('the connection was closed'));
    });
    this.#closed = closed.promise;
  }

  /**
   * Connects, and prepares a session: opens channels, declares queues.
   * @param end is called when the connection is lost
   * @throws ConfigurationError if the server refuses the login or the preparation does; another error if it can't be
   *   reached
   */
  static async open<Session>(
    address: AmqpAddress,
    end: (reason: Error) => void,
    prepare: (connection: AmqpConnection) => Promise<Session>,
  ): Promise<Session> {
    const connection = new AmqpConnection(await dial(address), end);
    try {
      return await Promise.race([prepare(connection), connection.#ended]);
    } catch (error) {
      connection.abandon();
      throw error;
    }
  }

  /**
   * Closes it after its channel, since the server drops what it hasn't read when the connection is closed right after it
   * was sent. A close has no answer if the connection is lost meanwhile.
   */
  async close(channel: Channel): Promise<void> {
    await Promise.race([channel.close().catch(() => {}), this.#closed]);
    this.abandon();
    await this.#closed;
  }

  /** Closes it without waiting. If the server doesn't answer, the heartbeat ends it. */
  abandon(): void {
    this.model.close().catch(() => {});
  }
}

/** Names the server in log lines and errors. */
export function nameServer(address: AmqpAddress): string {
  return `RabbitMQ at ${describeAddress(address)}`;
}

async function dial(address: AmqpAddress): Promise<ChannelModel> {
  const { protocol, hostname, port, vhost, login, heartbeatSeconds } = address;
  const server = { protocol, hostname, port, vhost, heartbeat: heartbeatSeconds, ...login };
  try {
    return await connect(server, { timeout: CONNECT_TIMEOUT_MILLISECONDS, noDelay: true, keepAlive: true });
  } catch (cause) {
    const reason = messageOf(cause);
    if (REFUSED.test(reason)) {
      const user = login?.username ?? 'guest';
      throw new ConfigurationError(
        `${nameServer(address)} refuses the user ${user}: ${reason}. Check the user name, the password, and that the virtual host exists and the user may use it`,
        { cause },
      );
    }
    throw new Error(`${nameServer(address)} can't be reached: ${reason}`, { cause });
  }
}
