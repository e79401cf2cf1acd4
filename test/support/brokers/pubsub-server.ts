import { freePort } from '../../local/free-port.ts';
import { buildGoPeer } from '../peers/go.ts';
import { accepts, Server } from './server.ts';

/** Builds Google's test server, unless it is already built. */
export function findPubSubServer(): Promise<string> {
  return buildGoPeer('server', 'pubsub');
}

/**
 * Starts Google's test server for Pub/Sub. It keeps everything in memory: a restart loses topics, subscriptions and messages.
 * @param program what {@link findPubSubServer} found
 */
export async function startPubSubServer(
  program: string,
): Promise<{ readonly server: Server; readonly port: number }> {
  const port = await freePort();
  const server = await Server.start({
    command: program,
    args: () => [String(port)],
    ready: () => accepts(port),
  });
  return { server, port };
}
