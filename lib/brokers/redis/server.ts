import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { isReply, type RedisConnection } from './connection.ts';
import type { RedisInputUrl } from './url.ts';

/** Scripts with flags, and XAUTOCLAIM that reports deleted entries. Valkey reports the version of Redis it comes from. */
const LEAST_VERSION = 7;

/** The user may not call the command, or a provider has removed it. */
const NOT_ALLOWED = /^(?:NOPERM|ERR unknown command)/;

/** What a server says of its durability. Empty if it doesn't say. */
export interface Durability {
  readonly appendonly?: string;
  readonly appendfsync?: string;
}

/**
 * Checks the server and what is stored under the name of a stream.
 * @throws ConfigurationError if the server may delete the stream, or isn't supported: says what to change
 */
export async function checkServer(connection: RedisConnection, stream: string): Promise<Durability> {
  const info = await readInfo(connection);
  const version = info.get('redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < LEAST_VERSION) {
    throw new ConfigurationError(
      `Redis is version ${version}: ${LEAST_VERSION}.0 or later is needed, or Valkey`,
    );
  }
  if (info.get('redis_mode') === 'cluster') {
    throw new ConfigurationError(
      'Redis is a cluster, which is not supported: use a server of its own for the queues',
    );
  }
  const { 'maxmemory-policy': policy = '', ...durability } = await readSettings(connection);
  if (policy.startsWith('allkeys-')) {
    throw new ConfigurationError(
      `Redis has maxmemory-policy ${policy}: it deletes queues when its memory is full. Set it to noeviction: CONFIG SET maxmemory-policy noeviction`,
    );
  }
  const type = await connection.call('TYPE', stream);
  if (type !== 'stream' && type !== 'none') {
    throw new ConfigurationError(`The key ${stream} isn't a stream, but a ${type}. Use another name`);
  }
  const expiresIn = await connection.call('TTL', stream);
  if (typeof expiresIn === 'number' && expiresIn >= 0) {
    throw new ConfigurationError(
      `The stream ${stream} expires in ${expiresIn} s: Redis deletes it with its messages then. Call PERSIST ${stream}`,
    );
  }
  return durability;
}

/** Says in one line what messages the server can lose. */
export function logLosses(stream: string, { appendonly, appendfsync }: Durability, logger: Logger): void {
  if (appendonly === undefined) {
    logger.info('Redis doesn’t show its settings: whether it can lose messages isn’t known', { stream });
  } else if (appendonly !== 'yes') {
    logger.warn('Redis can lose messages: a crash loses all since its last snapshot. Set appendonly to yes', {
      stream,
      appendonly,
    });
  } else if (appendfsync !== 'always') {
    const period = appendfsync === 'everysec' ? 'about a second' : 'about 30 seconds';
    logger.warn(
      `Redis can lose messages: a power failure loses those of ${period}. Set appendfsync to always if that isn't acceptable`,
      { stream, appendfsync },
    );
  }
}

/**
 * Creates the consumer group unless it exists, and the stream with it. The group begins with the oldest entry: settled ones
 * are deleted.
 * @throws ConfigurationError if the user may not, or if there are other groups
 */
export async function ensureGroup(
  connection: RedisConnection,
  { stream, group }: Pick<RedisInputUrl, 'stream' | 'group'>,
): Promise<void> {
  try {
    await connection.call('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM');
  } catch (error) {
    if (isReply(error, NOT_ALLOWED)) {
      throw new ConfigurationError(
        `The consumer group ${group} of the stream ${stream} can't be created: ${messageOf(error)}. Give the user the permissions`,
        { cause: error },
      );
    }
    if (!isReply(error, /^BUSYGROUP/)) throw error;
  }
  const others = groupsOf(await connection.call('XINFO', 'GROUPS', stream)).filter((name) => name !== group);
  if (others.length === 0) return;
  throw new ConfigurationError(
    `The stream ${stream} has other consumer groups (${others.join(', ')}), which would miss messages: settled ones are deleted. Use a stream of its own, or delete those groups: XGROUP DESTROY`,
  );
}

function groupsOf(reply: unknown): string[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((fields: unknown) =>
    Array.isArray(fields) ? String(fields[fields.indexOf('name') + 1]) : '',
  );
}

/** Empty if the user may not read it. */
async function readInfo(connection: RedisConnection): Promise<ReadonlyMap<string, string>> {
  const reply = await unlessNotAllowed(connection.call('INFO', 'server'));
  const lines = typeof reply === 'string' ? reply.split(/\r?\n/) : [];
  return new Map(lines.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1)]));
}

/** Empty if the user may not read them. */
async function readSettings(
  connection: RedisConnection,
): Promise<Durability & { readonly 'maxmemory-policy'?: string }> {
  const names = ['appendonly', 'appendfsync', 'maxmemory-policy'];
  const reply = await unlessNotAllowed(connection.call('CONFIG', 'GET', ...names));
  if (!Array.isArray(reply)) return {};
  const texts = reply.map(String);
  return Object.fromEntries(
    texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? '']] : [])),
  );
}

async function unlessNotAllowed(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    if (isReply(error, NOT_ALLOWED)) return undefined;
    throw error;
  }
}
