import type { Client } from 'pg';
import { ReconnectingSession, type Session } from '../../brokers/reconnecting-session.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { PostgresServer } from './connection.ts';
import { CHANNEL } from './table.ts';

/** Hears of committed rows. What is announced while it isn't connected is lost, so each connection counts as a hint. */
export function listen(
  server: PostgresServer,
  logger: Logger,
  onHint: () => void,
): Promise<ReconnectingSession<Session>> {
  return ReconnectingSession.open({
    server: `${server.name} (listening)`,
    logger,
    open: async (end) => {
      const client = server.client();
      client.on('error', end);
      client.on('end', () => end(new Error('the connection ended')));
      client.on('notification', onHint);
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      onHint();
      return sessionOf(client);
    },
  });
}

function sessionOf(client: Client): Session {
  return { close: () => client.end(), lost: () => void client.end().catch(() => {}) };
}
