import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { describeAddress, type RedisAddress } from './url.ts';

const CONNECT_TIMEOUT_MILLISECONDS = 10_000;

/** A connection that hears nothing for as long as three pings is lost. A blocked command must be shorter. */
const PING_INTERVAL_MILLISECONDS = 5_000;
const SILENCE_TIMEOUT_MILLISECONDS = 3 * PING_INTERVAL_MILLISECONDS;

/** The server can't be used as the URL says. */
const LOGIN_REFUSED =
  /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:invalid password|AUTH|.*without any password configured))/;

/** This server takes no writes, as a primary that was demoted. Another connection may lead to the right one. */
const WRONG_SERVER = /^(?:READONLY|MASTERDOWN|CLUSTERDOWN|LOADING)\b/;

/** A Lua script. */
export class Script {
  readonly source: string;
  readonly digest: string;

  constructor(source: string) {
    this.source = source;
    this.digest = createHash('sha1').update(source).digest('hex');
  }
}

/** A connection that isn't repaired: what a client sends again by itself could arrive twice or late. */
export class RedisConnection {
  readonly #client: Client;
  readonly #server: string;
  readonly #end: (reason: Error) => void;
  #destroyedBecause: unknown;

  private constructor(client: Client, server: string, end: (reason: Error) => void) {
    this.#client = client;
    this.#server = server;
    this.#end = end;
  }

  /**
   * @param end called when the connection is lost
   * @throws ConfigurationError if the login is refused; another error if the server can't be reached
   */
  static async open(address: RedisAddress, end: (reason: Error) => void): Promise<RedisConnection> {
    const client = clientFor(address);
    const server = describeAddress(address);
    client.on('error', (error: Error) => end(error));
    try {
      await client.connect();
    } catch (cause) {
      const reason = messageOf(cause);
      if (LOGIN_REFUSED.test(reason)) {
        const user = address.login?.username ?? 'default';
        throw new ConfigurationError(
          `${server} refuses the user ${user}: ${reason}. Check user name, password and permissions`,
          { cause },
        );
      }
      if (/DB index is out of range|SELECT is not allowed/.test(reason)) {
        throw new ConfigurationError(
          `${server} has no database ${address.database}: ${reason}. Change the number at the end of the URL`,
          { cause },
        );
      }
      throw new Error(`${server} can't be reached: ${reason}`, { cause });
    }
    return new RedisConnection(client, server, end);
  }

  /**
   * Calls a command.
   * @returns its reply with texts as strings
   * @throws ErrorReply if the server refuses it; another error if the connection is lost, or leads to a wrong server
   */
  call(...args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#send(args, {});
  }

  /** Like {@link call}, with texts as bytes. */
  callBytes(...args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#send(args, BYTES);
  }

  /** Runs a script, like {@link callBytes}. */
  async run(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const parameters = [String(keys.length), ...keys, ...args];
    try {
      return await this.callBytes('EVALSHA', script.digest, ...parameters);
    } catch (error) {
      if (!isReply(error, /^NOSCRIPT\b/)) throw error;
      return this.callBytes('EVAL', script.source, ...parameters);
    }
  }

  async #send(
    args: readonly (string | Buffer)[],
    options: typeof BYTES | Record<never, never>,
  ): Promise<unknown> {
    try {
      return await this.#client.sendCommand<unknown>(args, options);
    } catch (error) {
      if (!isReply(error, WRONG_SERVER)) throw this.#destroyedBecause ?? error;
      const reason = new Error(`${this.#server} takes no writes: ${error.message}`);
      this.#end(reason);
      throw reason;
    }
  }

  /** Waits for replies. */
  async close(): Promise<void> {
    if (this.#client.isOpen) await this.#client.close();
  }

  /** @param reason why calls without a reply fail */
  destroy(reason: unknown): void {
    this.#destroyedBecause ??= reason;
    if (this.#client.isOpen) this.#client.destroy();
  }
}

/** Whether the server refused a command. @param kind what its message starts with */
export function isReply(error: unknown, kind: RegExp): error is ErrorReply {
  return error instanceof ErrorReply && kind.test(error.message);
}

/** Bodies are bytes. */
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

type Client = ReturnType<typeof clientFor>;

function clientFor({ host, port, tls, database, login }: RedisAddress) {
  return createClient({
    // Replies are arrays: this client makes objects of the maps of version 3, in which fields get lost.
    RESP: 2,
    database,
    ...login,
    socket: {
      host,
      port,
      ...(tls && { tls, ...(isIP(host) === 0 && { servername: host }) }),
      connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
      socketTimeout: SILENCE_TIMEOUT_MILLISECONDS,
      reconnectStrategy: false,
    },
    pingInterval: PING_INTERVAL_MILLISECONDS,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
}
