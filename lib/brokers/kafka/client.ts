import type { BaseOptions } from '@platformatic/kafka';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { describeKafka, type KafkaAddress } from './url.ts';

const CONNECT_TIMEOUT_MILLISECONDS = 10_000;

/** Retries of the client, for what passes at once, as a change of the leader. Longer outages end the session. */
const RETRIES = 3;
const RETRY_MILLISECONDS = 200;

/** Errors of the servers that only another configuration ends. */
const DENIED = ['TOPIC_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];

/** Errors about the group, and what helps. */
const UNSUITABLE_GROUP = {
  INVALID_SESSION_TIMEOUT: 'Change the parameter session of the URL',
  INCONSISTENT_GROUP_PROTOCOL:
    'The group has members of another program, which assigns partitions in another way: choose another group',
} as const;

/** The options of every client of a cluster. @param requestTimeoutMilliseconds after which a request has failed */
export function clientOptions(
  { servers, tls, login }: KafkaAddress,
  requestTimeoutMilliseconds: number,
): BaseOptions {
  return {
    clientId: 'coatcheck',
    bootstrapBrokers: [...servers],
    connectTimeout: CONNECT_TIMEOUT_MILLISECONDS,
    requestTimeout: requestTimeoutMilliseconds,
    retries: RETRIES,
    retryDelay: RETRY_MILLISECONDS,
    ...(tls && { tls: {}, tlsServerName: true }),
    ...(login && { sasl: { ...login } }),
  };
}

/** What a failed call of a client means: a configuration that must change, or an outage. */
export function asKafkaError(error: unknown, address: KafkaAddress): Error {
  const server = describeKafka(address);
  if (error instanceof ConfigurationError) return error;
  const reason = reasonOf(error);
  if (isKafkaError(error, 'code', 'PLT_KFK_AUTHENTICATION')) {
    const user = address.login ? `the user ${address.login.username}` : 'a client without a user';
    return new ConfigurationError(
      `${server} refuses ${user}: ${reason}. Check user name, password and the parameter sasl`,
      { cause: error },
    );
  }
  if (DENIED.some((id) => isKafkaError(error, 'apiId', id))) {
    return new ConfigurationError(
      `${server} denies a permission: ${reason}. Give the user the permissions that docs/brokers/kafka.md lists`,
      { cause: error },
    );
  }
  for (const [id, remedy] of Object.entries(UNSUITABLE_GROUP)) {
    if (isKafkaError(error, 'apiId', id))
      return new ConfigurationError(`${server} refuses the group: ${reason} ${remedy}`);
  }
  return new Error(`${server} can't be used: ${reason}`);
}

/** Whether an error, or one of those that it consists of, has this value. The client's own search leaves out causes. */
export function isKafkaError(error: unknown, property: 'code' | 'apiId', value: string): boolean {
  if (!(error instanceof Error)) return false;
  if (property in error && Reflect.get(error, property) === value) return true;
  return partsOf(error).some((part) => isKafkaError(part, property, value));
}

/** The reason of a failed call: of the errors of several attempts, the last one. */
export function reasonOf(error: unknown): string {
  const last = error instanceof Error ? partsOf(error).at(-1) : undefined;
  return last === undefined ? messageOf(error) : reasonOf(last);
}

function partsOf(error: Error): readonly unknown[] {
  const errors = error instanceof AggregateError ? error.errors : [];
  return error.cause === undefined ? errors : [...errors, error.cause];
}
