import { ORDER_VARIABLE } from '../../core/config/worker-environment.ts';
import { TOPIC_MAX_LENGTH } from '../../core/model/topic.ts';
import { decodedPart, invalidUrl, moreServers, parametersOf } from '../broker-url.ts';
import { TOPIC_TOKEN } from '../topic-token.ts';

/** How a client proves who it is. */
export interface KafkaLogin {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** Where a Kafka cluster is, and how to log in. */
export interface KafkaAddress {
  /** `host:port` of brokers that are asked for all others. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly login?: KafkaLogin;
}

/** The URL of an input queue: a topic that a consumer group reads. */
export interface KafkaInputUrl {
  readonly address: KafkaAddress;
  readonly topic: string;
  /** The topic for messages that wait for their next attempt. */
  /** Undefined if a retry waits in its worker, since the order of messages is kept. */
  readonly retryTopic: string | undefined;
  readonly group: string;
  /** A worker that sends no heartbeat for as long is gone: others take over its partitions. */
  readonly sessionSeconds: number;
}

/** The URL of an output queue. */
export interface KafkaOutputUrl {
  readonly address: KafkaAddress;
  /** May have {@link TOPIC_TOKEN}, which stands for the topic of each request. */
  readonly topic: string;
}

const DEFAULT_PORT = 9092;

/** Short enough to take over from a killed worker soon, long enough for a handler that blocks the event loop for a while. */
const DEFAULT_SESSION_SECONDS = 30;

/** The broker's own limits are 6 s and 1,800 s by default: `group.min.session.timeout.ms`, `group.max.session.timeout.ms`. */
const MIN_SESSION_SECONDS = 1;
const MAX_SESSION_SECONDS = 1_800;

const MECHANISMS = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

const ADDRESS_PARAMETERS = ['servers', 'sasl'];

/** @throws ConfigurationError that names the wrong part */
export function parseKafkaInputUrl(url: URL, { ordered = false } = {}): KafkaInputUrl {
  const parameters = parametersOf(url, ['topic', 'group', 'retry', 'session', ...ADDRESS_PARAMETERS]);
  const topic = topicOf(url, parameters);
  // A group for each topic: in a group whose members read different topics, the client assigns only those of one of them.
  const group = parameters.get('group') ?? `coatcheck.${topic}`;
  if (!/^[^\p{Cc}]{1,255}$/u.test(group)) {
    throw invalidUrl(
      url,
      `has group=${group}: a group has 1 to 255 characters, none of them a control character`,
    );
  }
  return {
    address: addressOf(url, parameters),
    topic,
    retryTopic: retryTopicOf(url, topic, parameters.get('retry'), ordered),
    group,
    sessionSeconds: sessionOf(url, parameters.get('session')),
  };
}

/** @throws ConfigurationError that names the wrong part */
export function parseKafkaOutputUrl(url: URL): KafkaOutputUrl {
  const parameters = parametersOf(url, ['topic', ...ADDRESS_PARAMETERS]);
  const topic = topicOf(url, parameters, 'x'.repeat(TOPIC_MAX_LENGTH));
  return { address: addressOf(url, parameters), topic };
}

/** Names the servers without the login. */
export function describeKafka({ servers, tls }: KafkaAddress): string {
  return `Kafka at ${tls ? 'kafkas' : 'kafka'}://${servers.join(',')}`;
}

/** @param token what {@link TOPIC_TOKEN} may become; without it, the topic can't have the token */
function topicOf(url: URL, parameters: ReadonlyMap<string, string>, token = TOPIC_TOKEN): string {
  const topic = parameters.get('topic');
  if (topic === undefined) throw invalidUrl(url, 'names no topic: add ?topic=NAME');
  checkTopic(url, 'topic', topic.replace(TOPIC_TOKEN, token));
  return topic;
}

function retryTopicOf(
  url: URL,
  topic: string,
  given: string | undefined,
  ordered: boolean,
): string | undefined {
  if (ordered) {
    if (given === undefined) return undefined;
    throw invalidUrl(
      url,
      `has retry=${given}: with ${ORDER_VARIABLE}=fifo, retries wait in the worker. Leave it out`,
    );
  }
  const retryTopic = given ?? `${topic}.retry`;
  checkTopic(url, 'retry', retryTopic);
  if (retryTopic === topic)
    throw invalidUrl(url, `has retry=${topic}, which is the topic itself: use another one`);
  return retryTopic;
}

/** The topics that an input reads. */
export function topicsOf({ topic, retryTopic }: KafkaInputUrl): string[] {
  return retryTopic === undefined ? [topic] : [topic, retryTopic];
}

/** @see https://github.com/apache/kafka/blob/4.4.0/clients/src/main/java/org/apache/kafka/common/internals/Topic.java */
function checkTopic(url: URL, parameter: string, topic: string): void {
  if (/^[a-zA-Z0-9._-]{1,249}$/.test(topic) && !/^\.{1,2}$/.test(topic)) return;
  throw invalidUrl(
    url,
    `has ${parameter}=${topic}: the name of a topic has 1 to 249 letters, digits, dots, underscores and hyphens`,
  );
}

function sessionOf(url: URL, value: string | undefined): number {
  if (value === undefined) return DEFAULT_SESSION_SECONDS;
  const seconds = /^\d+$/.test(value) ? Number(value) : 0;
  if (seconds >= MIN_SESSION_SECONDS && seconds <= MAX_SESSION_SECONDS) return seconds;
  throw invalidUrl(
    url,
    `has session=${value}: allowed are ${MIN_SESSION_SECONDS} to ${MAX_SESSION_SECONDS} whole seconds`,
  );
}

function addressOf(url: URL, parameters: ReadonlyMap<string, string>): KafkaAddress {
  if (url.protocol !== 'kafka:' && url.protocol !== 'kafkas:') {
    throw invalidUrl(url, 'must start with kafka:// or kafkas://');
  }
  if (url.hostname === '') throw invalidUrl(url, 'names no host');
  if (url.hostname.includes(',')) {
    throw invalidUrl(url, 'names several hosts: name one, and the others as servers=host:port,host:port');
  }
  if (url.pathname !== '' && url.pathname !== '/') {
    throw invalidUrl(url, 'has a path: name the topic by ?topic=NAME');
  }
  const login = loginOf(url, parameters.get('sasl'));
  return {
    servers: [
      `${url.hostname}:${url.port === '' ? DEFAULT_PORT : url.port}`,
      ...moreServers(url, parameters.get('servers')),
    ],
    tls: url.protocol === 'kafkas:',
    ...(login && { login }),
  };
}

function loginOf(url: URL, sasl: string | undefined): KafkaLogin | undefined {
  if (url.username === '') {
    if (sasl !== undefined)
      throw invalidUrl(url, `has sasl=${sasl} and no user: write user:password@ before the host`);
    return undefined;
  }
  if (sasl !== undefined && !isMechanism(sasl)) {
    throw invalidUrl(url, `has sasl=${sasl}: allowed are ${Object.keys(MECHANISMS).join(', ')}`);
  }
  return {
    mechanism: MECHANISMS[sasl ?? 'plain'],
    username: decodedPart(url, 'user name', url.username),
    password: decodedPart(url, 'password', url.password),
  };
}

function isMechanism(name: string): name is keyof typeof MECHANISMS {
  return Object.hasOwn(MECHANISMS, name);
}
