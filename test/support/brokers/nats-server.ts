import { dirname, join } from 'node:path';
import { installPythonTool } from '../../../lib/local/python-tool.ts';
import { freePort } from '../../local/free-port.ts';
import { accepts, Server } from './server.ts';

/** Finds the program, and installs it if needed. */
export async function findNatsServer(): Promise<string> {
  return join(dirname(await installPythonTool('nats-server')), 'nats-server');
}

/**
 * Starts a NATS server with JetStream.
 * @param program what {@link findNatsServer} found
 * @param options of the command line
 */
export async function startNatsServer(
  program: string,
  options: readonly string[] = [],
): Promise<{ readonly server: Server; readonly port: number }> {
  const port = await freePort();
  const server = await Server.start({
    command: program,
    args: (folder) => ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder, 'js'), ...options],
    ready: () => accepts(port),
  });
  return { server, port };
}
