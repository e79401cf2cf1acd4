import { decodedPart, invalidUrl, moreServers, parametersOf } from '../broker-url.ts';
import { TOPIC_TOKEN } from '../topic-token.ts';

/** Where a NATS server is, and how to log in. */
export interface NatsAddress {
  /** `host:port` of the server, and of others of its cluster. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  /** User and password, or a token, as the URL says. */
  readonly login?: { readonly user: string; readonly pass: string } | { readonly token: string };
  /** Path of a credentials file. */
  readonly credentials?: string;
}

/** The URL of an input queue: a durable consumer of a stream. */
export interface NatsInputUrl {
  readonly address: NatsAddress;
  readonly stream: string;
  readonly consumer: string;
  /** The stream is created with this subject if it is missing, and the consumer with this filter. */
  readonly subject: string | undefined;
}

/** The URL of an output queue. */
export interface NatsOutputUrl {
  readonly address: NatsAddress;
  /** May have a token {@link ID_TOKEN}, which stands for the id of each request, and end in {@link TOPIC_TOKEN}. */
  readonly subject: string;
  /** Whether JetStream stores and confirms messages; core NATS delivers to who listens at the moment. */
  readonly mode: 'jetstream' | 'core';
  /** Created with the subject if it is missing. */
  readonly stream: string | undefined;
}

/** What the subject of a message may depend on. */
export interface Addressed {
  /** The request that it is about, if its headers say so. */
  readonly requestId?: string;
  /** What takes the place of {@link TOPIC_TOKEN}. */
  readonly topic: string;
}

/** Stands for the id of a message that is about no request. */
const NO_ID = '-';

/** Stands for the id of a request in the subject of an output queue. */
export const ID_TOKEN = '{id}';

const DEFAULT_PORT = 4222;

const DEFAULT_CONSUMER = 'coatcheck';

const ADDRESS_PARAMETERS = ['servers', 'creds'];

/** @throws ConfigurationError that names the wrong part */
export function parseNatsInputUrl(url: URL): NatsInputUrl {
  const parameters = parametersOf(url, ['stream', 'consumer', 'subject', ...ADDRESS_PARAMETERS]);
  const stream = parameters.get('stream');
  if (stream === undefined) throw invalidUrl(url, 'names no stream: add ?stream=NAME');
  const consumer = parameters.get('consumer') ?? DEFAULT_CONSUMER;
  const subject = parameters.get('subject');
  checkName(url, 'stream', stream);
  checkName(url, 'consumer', consumer);
  if (subject !== undefined) checkSubject(url, subject, true);
  return { address: addressOf(url, parameters), stream, consumer, subject };
}

/** @throws ConfigurationError that names the wrong part */
export function parseNatsOutputUrl(url: URL): NatsOutputUrl {
  const parameters = parametersOf(url, ['subject', 'stream', 'mode', ...ADDRESS_PARAMETERS]);
  const subject = parameters.get('subject');
  if (subject === undefined) throw invalidUrl(url, 'names no subject: add ?subject=NAME');
  checkSubject(url, subject, false);
  if (subject.includes(TOPIC_TOKEN) && !/(?:^|\.)\{topic\}$/.test(subject)) {
    throw invalidUrl(url, `has subject=${subject}: ${TOPIC_TOKEN} may only be the last token`);
  }
  const mode = parameters.get('mode') ?? 'jetstream';
  if (mode !== 'jetstream' && mode !== 'core') {
    throw invalidUrl(url, `has mode=${mode}: allowed are jetstream and core`);
  }
  const stream = parameters.get('stream');
  if (stream !== undefined) {
    if (mode === 'core')
      throw invalidUrl(url, 'has a stream and mode=core: core NATS has no streams, keep one');
    checkName(url, 'stream', stream);
  }
  return { address: addressOf(url, parameters), subject, mode, stream };
}

/** The subject of the outcome of a request. The id may have characters that no token can have, so they are encoded. */
export function subjectFor(subject: string, { requestId = NO_ID, topic }: Addressed): string {
  const token = encodeURIComponent(requestId).replace(/[.*]/g, (c) => (c === '.' ? '%2E' : '%2A'));
  return subject.replace(ID_TOKEN, token).replace(TOPIC_TOKEN, topic);
}

/** The subject of all outcomes. */
export function wildcardOf(subject: string): string {
  return subject.replace(ID_TOKEN, '*').replace(TOPIC_TOKEN, '>');
}

/** Names the server without the password. */
export function describeNats({ servers, tls }: NatsAddress): string {
  return `NATS at ${tls ? 'tls' : 'nats'}://${servers.join(',')}`;
}

function addressOf(url: URL, parameters: ReadonlyMap<string, string>): NatsAddress {
  if (url.protocol !== 'nats:' && url.protocol !== 'tls:') {
    throw invalidUrl(url, 'must start with nats:// or tls://');
  }
  if (url.hostname === '') throw invalidUrl(url, 'names no host');
  if (url.pathname !== '' && url.pathname !== '/') {
    throw invalidUrl(url, 'has a path: NATS has none, use the parameters');
  }
  const credentials = parameters.get('creds');
  if (credentials !== undefined && url.username !== '') {
    throw invalidUrl(url, 'has creds and also a user or token: keep one');
  }
  return {
    servers: [
      `${url.hostname}:${url.port === '' ? DEFAULT_PORT : url.port}`,
      ...moreServers(url, parameters.get('servers')),
    ],
    tls: url.protocol === 'tls:',
    ...(url.username !== '' && { login: loginOf(url) }),
    ...(credentials !== undefined && { credentials }),
  };
}

function loginOf(url: URL): NatsAddress['login'] {
  const user = decodedPart(url, 'user name', url.username);
  if (url.password === '') return { token: user };
  return { user, pass: decodedPart(url, 'password', url.password) };
}

/** @see https://docs.nats.io/running-a-nats-service/nats_admin/jetstream_admin/naming */
function checkName(url: URL, what: string, name: string): void {
  if (/^[^\s.*>/\\\p{Cc}]{1,255}$/u.test(name)) return;
  throw invalidUrl(
    url,
    `has ${what}=${name}: a name has 1 to 255 characters, without blanks, dots, slashes, * and >`,
  );
}

function checkSubject(url: URL, subject: string, mayHaveWildcards: boolean): void {
  const token = mayHaveWildcards ? /^(?:\*|[^\s.*>\p{Cc}]+)$/u : /^[^\s.*>\p{Cc}]+$/u;
  const tokens = subject.split('.');
  if (mayHaveWildcards && tokens.length > 1 && tokens.at(-1) === '>') tokens.pop();
  if (tokens.every((each) => token.test(each)) && !subject.startsWith('$')) return;
  const wildcards = mayHaveWildcards ? 'may be *, the last one >' : 'no wildcards';
  throw invalidUrl(
    url,
    `has subject=${subject}: a subject has tokens with dots between them, without blanks (${wildcards}), and doesn't start with $`,
  );
}
