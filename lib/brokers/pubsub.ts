import type { Broker } from '../core/ports/broker.ts';
import { PubSubInputQueue } from './pubsub/input-queue.ts';
import { PubSubOutputQueue } from './pubsub/output-queue.ts';
import { parsePubSubUrl } from './pubsub/url.ts';

/**
 * Google Cloud Pub/Sub. Input: `pubsub://project/subscription`. Output: `pubsub://project/topic`. Credentials come from
 * Google's default chain; `PUBSUB_EMULATOR_HOST` names an emulator.
 * @see docs/brokers/pubsub.md
 */
export const PUBSUB: Broker = {
  openInput: async (url, options) => PubSubInputQueue.open(parsePubSubUrl(url, 'subscription'), options),
  openOutput: async (url, { logger }) => PubSubOutputQueue.open(parsePubSubUrl(url, 'topic'), logger),
};
