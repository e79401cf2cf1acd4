import { readFile } from 'node:fs/promises';
import {
  AuthorizationError,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { unlessAborted } from '../../core/base/unless-aborted.ts';
import { describeNats, type NatsAddress } from './url.ts';

const CONNECT_TIMEOUT_MILLISECONDS = 10_000;

/** A dead network is noticed after two pings without an answer. */
const PING_INTERVAL_MILLISECONDS = 5_000;
const MAX_PINGS_WITHOUT_ANSWER = 2;

/**
 * Connects once: what the client would send after it reconnected by itself could be lost or late.
 * @param end called when the connection is lost
 * @throws ConfigurationError if the login is refused; another error if the server can't be reached
 */
export async function connectNats(
  address: NatsAddress,
  end: (reason: Error) => void,
): Promise<NatsConnection> {
  const options: NodeConnectionOptions = {
    servers: [...address.servers],
    name: 'coatcheck',
    reconnect: false,
    timeout: CONNECT_TIMEOUT_MILLISECONDS,
    pingInterval: PING_INTERVAL_MILLISECONDS,
    maxPingOut: MAX_PINGS_WITHOUT_ANSWER,
    // A stack trace for each call would cost more than the call.
    noAsyncTraces: true,
    ...(address.tls && { tls: {} }),
    ...address.login,
    ...(address.credentials !== undefined && {
      authenticator: credsAuthenticator(await readCredentials(address.credentials)),
    }),
  };
  try {
    const connection = await connect(options);
    void connection.closed().then((error) => end(error ?? new Error('the connection was closed')));
    return connection;
  } catch (cause) {
    const reason = messageOf(cause);
    if (cause instanceof AuthorizationError || /authorization|authentication/i.test(reason)) {
      throw new ConfigurationError(
        `${describeNats(address)} refuses the login: ${reason}. Check the user and password, the token or the credentials file`,
        { cause },
      );
    }
    throw new Error(`${describeNats(address)} can't be reached: ${reason}`, { cause });
  }
}

/** Fires when the connection is closed or lost. */
export function closedSignal(connection: NatsConnection): AbortSignal {
  const closed = new AbortController();
  void connection.closed().then(() => closed.abort());
  return closed.signal;
}

/**
 * Waits for a call of the client. It forgets flushes when the connection is lost, and requests that begin at that moment.
 * @param closed the connection's {@link closedSignal}
 * @throws an error if the connection is closed first
 */
export function unlessClosed<Value>(call: Promise<Value>, closed: AbortSignal): Promise<Value> {
  return unlessAborted(call, closed, () => {
    throw new Error('the connection was lost');
  });
}

async function readCredentials(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ConfigurationError(`The credentials file ${path} can't be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
