import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Broker } from '../core/ports/broker.ts';
import { connectNats } from './nats/connection.ts';
import { NatsInputQueue } from './nats/input-queue.ts';
import { NatsOutputQueue, SEND_TIMEOUT_MILLISECONDS } from './nats/output-queue.ts';
import { CorePublishSession, JetStreamPublishSession, type PublishSession } from './nats/publish-session.ts';
import { ensureOutputStream } from './nats/stream.ts';
import { describeNats, type NatsOutputUrl, parseNatsInputUrl, parseNatsOutputUrl } from './nats/url.ts';
import { ReconnectingSession } from './reconnecting-session.ts';

/**
 * NATS 2.10 or later. Input: `nats://user:password@host:4222?stream=NAME&consumer=NAME`, a durable pull consumer of
 * JetStream. Output: `?subject=NAME`, to JetStream, or with `mode=core` to core NATS. `tls://` for TLS.
 * @see docs/brokers/nats.md
 */
export const NATS: Broker = {
  openInput: async (url, options) => NatsInputQueue.open(parseNatsInputUrl(url), options),

  async openOutput(given, { logger }) {
    const url = parseNatsOutputUrl(given);
    const open = async (end: (reason: Error) => void) => {
      const connection = await connectNats(url.address, end);
      try {
        return await publishSession(connection, url);
      } catch (error) {
        await connection.close();
        throw error;
      }
    };
    const server = describeNats(url.address);
    return new NatsOutputQueue(await ReconnectingSession.open({ server, logger, open }));
  },
};

async function publishSession(connection: NatsConnection, url: NatsOutputUrl): Promise<PublishSession> {
  if (url.mode === 'core') return new CorePublishSession(connection, url.subject);
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const { max_msg_size: maxBytes } = await ensureOutputStream(manager, url);
  return new JetStreamPublishSession(
    connection,
    url.subject,
    maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY,
    SEND_TIMEOUT_MILLISECONDS,
  );
}
