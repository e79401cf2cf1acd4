import type { Broker } from '../core/ports/broker.ts';
import { RedisInputQueue } from './redis/input-queue.ts';
import { RedisOutputQueue } from './redis/output-queue.ts';
import { parseInputUrl, parseOutputUrl } from './redis/url.ts';

/**
 * Streams of Redis 7.0 or later and of Valkey. Input: `redis://user:password@host:6379/0?stream=NAME`, read by a consumer
 * group. Output: `?stream=NAME`. `rediss://` for TLS.
 * @see docs/brokers/redis.md
 */
export const REDIS: Broker = {
  openInput: (url, options) => RedisInputQueue.open(parseInputUrl(url), options),
  openOutput: (url, { logger }) => RedisOutputQueue.open(parseOutputUrl(url), logger),
};
