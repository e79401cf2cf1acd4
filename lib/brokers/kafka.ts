import type { Broker } from '../core/ports/broker.ts';
import { KafkaInputQueue } from './kafka/input-queue.ts';
import { KafkaOutputQueue } from './kafka/output-queue.ts';
import { parseKafkaInputUrl, parseKafkaOutputUrl } from './kafka/url.ts';

/**
 * Topics of Kafka. Input: `kafka://user:password@host:9092?topic=NAME`, read by a consumer group, with a second
 * topic for retries. Output: `?topic=NAME`. `kafkas://` for TLS.
 * @see docs/brokers/kafka.md
 */
export const KAFKA: Broker = {
  openInput: (url, options) => KafkaInputQueue.open(parseKafkaInputUrl(url, options), options),
  openOutput: (url, { logger }) => KafkaOutputQueue.open(parseKafkaOutputUrl(url), logger),
};
