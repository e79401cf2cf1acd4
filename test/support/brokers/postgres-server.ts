import { access, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { run, tailOf } from '../../../lib/local/run.ts';
import { freePort } from '../../local/free-port.ts';
import { Server } from './server.ts';

/** Where Debian's package has the programs. */
const PROGRAMS = '/usr/lib/postgresql/15/bin';

/** PostgreSQL refuses to run as root; Debian's package adds this user. */
const USER = 'postgres';

/** Finds the programs of Debian's package `postgresql`. */
export async function findPostgres(): Promise<string> {
  try {
    await access(join(PROGRAMS, 'postgres'));
  } catch (cause) {
    throw new Error(`No PostgreSQL in ${PROGRAMS}: run apt-get install postgresql`, { cause });
  }
  return PROGRAMS;
}

/** A PostgreSQL server of this machine. */
export interface PostgresTestServer extends AsyncDisposable {
  readonly server: Server;
  /** The URL of its database. */
  readonly url: string;
}

/** @param programs what {@link findPostgres} found @param settings such as `wal_level=logical` */
export async function startPostgres(
  programs: string,
  settings: readonly string[] = [],
): Promise<PostgresTestServer> {
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const server = await Server.start({
    prepare: async (folder) => {
      if (isRoot()) await chown(folder, ...(await idsOf(USER)));
      const [command, args] = unprivileged(join(programs, 'initdb'), [
        ...['-D', join(folder, 'data'), '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync'],
      ]);
      const { succeeded, output } = await run(command, args, { env: { ...process.env, LC_ALL: 'C' } });
      if (!succeeded) throw new Error(`initdb failed: ${tailOf(output)}`);
    },
    ...programOf(join(programs, 'postgres'), (folder) => [
      ...['-D', join(folder, 'data'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      ...['unix_socket_directories=', ...settings].flatMap((setting) => ['-c', setting]),
    ]),
    ready: () => answers(url),
  });
  return { server, url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function programOf(program: string, argsIn: (folder: string) => readonly string[]) {
  const [command] = unprivileged(program, []);
  return { command, args: (folder: string) => unprivileged(program, argsIn(folder))[1] };
}

/** Runs a program as a user that isn't root. */
function unprivileged(program: string, args: readonly string[]): readonly [command: string, args: string[]] {
  if (!isRoot()) return [program, [...args]];
  const as = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
  return ['setpriv', [...as, program, ...args]];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function idsOf(user: string): Promise<[uid: number, gid: number]> {
  const { output } = await run('getent', ['passwd', user]);
  const [, , uid, gid] = output.split(':');
  return [Number(uid), Number(gid)];
}

/** Rejects while the server recovers. */
async function answers(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query('SELECT 1').finally(() => client.end());
}
