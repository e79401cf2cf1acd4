import type { ConfigurationError } from '../../core/base/errors.ts';
import { TOPIC_MAX_LENGTH } from '../../core/model/topic.ts';
import type { OutputMessage } from '../../core/ports/message-sink.ts';
import { decodedPart, invalidUrl, parametersOf } from '../broker-url.ts';
import { TOPIC_TOKEN, topicToken } from '../topic-token.ts';

/** Where a RabbitMQ server is, and how to log in. */
export interface AmqpAddress {
  readonly protocol: 'amqp' | 'amqps';
  readonly hostname: string;
  readonly port: number;
  /** Percent-encoded, as amqplib expects it. */
  readonly vhost: string;
  /** @default - `guest`, which the server accepts from its own machine only */
  readonly login?: { readonly username: string; readonly password: string };
  /** Seconds between heartbeats. A connection without one for twice as long is lost. */
  readonly heartbeatSeconds: number;
}

/**
 * Where messages are published: to an exchange with a routing key, which may have {@link TOPIC_TOKEN}. The exchange `''` routes to
 * the queue of that name.
 */
export interface PublishTarget {
  readonly exchange: string;
  readonly routingKey: string;
}

/** The URL of an input queue. */
export interface InputUrl {
  readonly address: AmqpAddress;
  readonly queue: string;
  /** Whether a policy sets the queue's delivery limit. AMQP doesn't show policies. */
  readonly hasPolicyLimit: boolean;
}

/** The URL of an output queue. */
export interface OutputUrl {
  readonly address: AmqpAddress;
  readonly target: PublishTarget;
}

const DEFAULT_PORTS = { amqp: 5672, amqps: 5671 } as const;

/**
 * Short enough to notice a dead network, long enough for a handler that blocks the event loop for a minute.
 * @see https://www.rabbitmq.com/docs/heartbeats
 */
const DEFAULT_HEARTBEAT_SECONDS = 30;
const MAX_HEARTBEAT_SECONDS = 600;

/** The longest name of an exchange or queue, and the longest routing key, in bytes: AMQP's short string. */
const MAX_NAME_BYTES = 255;

/** Room for what the names of delay queues add to the name of their queue. */
const DELAY_SUFFIX_BYTES = 16;

/** @throws ConfigurationError that names the wrong part */
export function parseInputUrl(url: URL): InputUrl {
  const parameters = parametersOf(url, ['queue', 'deliveryLimit', 'heartbeat']);
  const queue = parameters.get('queue');
  if (queue === undefined) throw invalidUrl(url, 'names no queue: add ?queue=NAME');
  checkQueueName(url, queue, MAX_NAME_BYTES - DELAY_SUFFIX_BYTES);
  const deliveryLimit = parameters.get('deliveryLimit');
  if (deliveryLimit !== undefined && deliveryLimit !== 'policy') {
    throw invalidUrl(
      url,
      `has deliveryLimit=${deliveryLimit}: the only value is "policy", for a queue whose policy sets delivery-limit`,
    );
  }
  return {
    address: addressOf(url, parameters),
    queue,
    hasPolicyLimit: deliveryLimit === 'policy',
  };
}

/** @throws ConfigurationError that names the wrong part */
export function parseOutputUrl(url: URL): OutputUrl {
  const parameters = parametersOf(url, ['queue', 'exchange', 'routingKey', 'heartbeat']);
  return { address: addressOf(url, parameters), target: targetOf(url, parameters) };
}

/** Where a message is published. */
export function targetFor({ exchange, routingKey }: PublishTarget, message: OutputMessage): PublishTarget {
  if (exchange === '') return { exchange, routingKey };
  return { exchange, routingKey: routingKey.replace(TOPIC_TOKEN, () => topicToken(message)) };
}

/** Names the server without the password. */
export function describeAddress({ protocol, hostname, port, vhost }: AmqpAddress): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return `${protocol}://${host}:${port}/${vhost === '%2F' ? '' : vhost}`;
}

function targetOf(url: URL, parameters: ReadonlyMap<string, string>): PublishTarget {
  const queue = parameters.get('queue');
  const exchange = parameters.get('exchange');
  const routingKey = parameters.get('routingKey');
  if (queue !== undefined) {
    if (exchange !== undefined || routingKey !== undefined) {
      throw invalidUrl(url, 'has queue and also exchange or routingKey: keep one or the other');
    }
    checkQueueName(url, queue, MAX_NAME_BYTES);
    return { exchange: '', routingKey: queue };
  }
  if (!exchange) throw invalidUrl(url, 'names no target: add ?queue=NAME, or ?exchange=NAME&routingKey=KEY');
  for (const [name, value] of [
    ['exchange', exchange],
    ['routingKey', routingKey ?? ''],
  ] as const) {
    const longest = Buffer.byteLength(value.replace(TOPIC_TOKEN, 'x'.repeat(TOPIC_MAX_LENGTH)));
    if (longest > MAX_NAME_BYTES) throw tooLong(url, name, longest, MAX_NAME_BYTES);
  }
  return { exchange, routingKey: routingKey ?? '' };
}

function checkQueueName(url: URL, queue: string, maxBytes: number): void {
  if (queue === '' || queue.startsWith('amq.')) {
    throw invalidUrl(
      url,
      `has queue=${queue}: a name has 1 to ${maxBytes} bytes and doesn't start with "amq.", which is the server's`,
    );
  }
  if (Buffer.byteLength(queue) > maxBytes) throw tooLong(url, 'queue', Buffer.byteLength(queue), maxBytes);
}

function addressOf(url: URL, parameters: ReadonlyMap<string, string>): AmqpAddress {
  const protocol = url.protocol.slice(0, -1);
  if (protocol !== 'amqp' && protocol !== 'amqps')
    throw invalidUrl(url, 'must start with amqp:// or amqps://');
  if (url.hostname === '') throw invalidUrl(url, 'names no host');
  const vhost = url.pathname.slice(1);
  if (vhost.includes('/')) {
    throw invalidUrl(url, `has the virtual host ${vhost}: write a slash in its name as %2F`);
  }
  decodedPart(url, 'virtual host', vhost);
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port),
    vhost: vhost === '' ? '%2F' : vhost,
    heartbeatSeconds: heartbeatOf(url, parameters.get('heartbeat')),
    ...(url.username !== '' && {
      login: {
        username: decodedPart(url, 'user name', url.username),
        password: decodedPart(url, 'password', url.password),
      },
    }),
  };
}

function heartbeatOf(url: URL, value: string | undefined): number {
  if (value === undefined) return DEFAULT_HEARTBEAT_SECONDS;
  const seconds = /^\d+$/.test(value) ? Number(value) : 0;
  if (seconds >= 1 && seconds <= MAX_HEARTBEAT_SECONDS) return seconds;
  throw invalidUrl(url, `has heartbeat=${value}: allowed are 1 to ${MAX_HEARTBEAT_SECONDS} whole seconds`);
}

function tooLong(url: URL, name: string, bytes: number, maxBytes: number): ConfigurationError {
  return invalidUrl(url, `has a ${name} of ${bytes} bytes: the limit is ${maxBytes}`);
}
