import { decodedPart, invalidUrl, parametersOf } from '../broker-url.ts';

/** Where a Redis or Valkey server is, and how to log in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** The number of the database. */
  readonly database: number;
  /** The user is absent where the server has a password only. */
  readonly login?: { readonly username?: string; readonly password: string };
}

/** The URL of an output stream. */
export interface RedisOutputUrl {
  readonly address: RedisAddress;
  readonly stream: string;
}

/** The URL of an input stream with its consumer group. */
export interface RedisInputUrl extends RedisOutputUrl {
  readonly group: string;
  /** How long a message is hidden from other consumers unless it is extended. */
  readonly visibilitySeconds: number;
  /** The field that holds the body of a message. */
  readonly bodyField: string;
}

const DEFAULT_PORT = 6379;
const DEFAULT_GROUP = 'coatcheck';

/** The field that holds the body of a message, unless the URL names another one. */
export const BODY_FIELD = 'body';

const DEFAULT_VISIBILITY_SECONDS = 30;
const MAX_VISIBILITY_SECONDS = 43_200;

/** In characters. Ids of messages, which contain the name of the stream, have at most 256. */
const MAX_NAME_LENGTH = 200;

/** @throws ConfigurationError that names the wrong part */
export function parseInputUrl(url: URL): RedisInputUrl {
  const parameters = parametersOf(url, ['stream', 'group', 'visibility', 'body']);
  return {
    address: addressOf(url),
    stream: nameOf(url, 'stream', parameters.get('stream')),
    group: nameOf(url, 'group', parameters.get('group') ?? DEFAULT_GROUP),
    visibilitySeconds: visibilityOf(url, parameters.get('visibility')),
    bodyField: nameOf(url, 'body', parameters.get('body') ?? BODY_FIELD),
  };
}

/** @throws ConfigurationError that names the wrong part */
export function parseOutputUrl(url: URL): RedisOutputUrl {
  const parameters = parametersOf(url, ['stream']);
  return { address: addressOf(url), stream: nameOf(url, 'stream', parameters.get('stream')) };
}

/**
 * The name of a key that belongs to a stream. A hash tag keeps it in the slot of the stream.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function besideStream(stream: string, name: string): string {
  return /\{[^}]+\}/.test(stream) ? `${stream}:${name}` : `{${stream}}:${name}`;
}

/** Names the server without the password. */
export function describeAddress({ host, port, tls, database }: RedisAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `Redis at ${tls ? 'rediss' : 'redis'}://${name}:${port}/${database}`;
}

function addressOf(url: URL): RedisAddress {
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') {
    throw invalidUrl(url, 'must start with redis:// or rediss://');
  }
  if (url.hostname === '') throw invalidUrl(url, 'names no host');
  const [, database] = /^\/?(\d{0,9})$/.exec(url.pathname) ?? [];
  if (database === undefined) {
    throw invalidUrl(
      url,
      'has a path that is no number of a database, such as /0: name the stream by ?stream=NAME',
    );
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    tls: url.protocol === 'rediss:',
    database: Number(database),
    ...loginOf(url),
  };
}

function loginOf(url: URL): Pick<RedisAddress, 'login'> {
  if (url.password === '') {
    if (url.username === '') return {};
    throw invalidUrl(
      url,
      'has a user without a password: write redis://user:password@host, or redis://:password@host',
    );
  }
  const password = decodedPart(url, 'password', url.password);
  if (url.username === '') return { login: { password } };
  return { login: { username: decodedPart(url, 'user name', url.username), password } };
}

function nameOf(url: URL, what: string, name: string | undefined): string {
  if (name === undefined) throw invalidUrl(url, `names no ${what}: add ?${what}=NAME`);
  if (name !== '' && name.length <= MAX_NAME_LENGTH && !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(name)) return name;
  throw invalidUrl(
    url,
    `has ${what}=${name}: a name has 1 to ${MAX_NAME_LENGTH} characters, without control characters`,
  );
}

function visibilityOf(url: URL, value: string | undefined): number {
  if (value === undefined) return DEFAULT_VISIBILITY_SECONDS;
  const seconds = /^\d+$/.test(value) ? Number(value) : 0;
  if (seconds >= 1 && seconds <= MAX_VISIBILITY_SECONDS) return seconds;
  throw invalidUrl(url, `has visibility=${value}: allowed are 1 to ${MAX_VISIBILITY_SECONDS} whole seconds`);
}
