import { access, chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, tailOf } from '../../../lib/local/run.ts';
import { freePort } from '../../local/free-port.ts';
import { accepts, Server } from './server.ts';

/** Where Debian's package has the programs. Those in the path switch to another user first. */
const PROGRAMS = '/usr/lib/rabbitmq/bin';

const NODE = 'coatcheck@localhost';

/** Finds the programs of Debian's package `rabbitmq-server`. */
export async function findRabbitMq(): Promise<string> {
  try {
    await access(join(PROGRAMS, 'rabbitmq-server'));
  } catch (cause) {
    throw new Error(`No RabbitMQ in ${PROGRAMS}: run apt-get install rabbitmq-server`, { cause });
  }
  return PROGRAMS;
}

/** A RabbitMQ server of one node. */
export interface RabbitMqServer extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  /** Runs `rabbitmqctl`, which takes seconds. */
  control(...args: string[]): Promise<void>;
}

/** @param programs what {@link findRabbitMq} found. @param plugins those that are enabled */
export async function startRabbitMq(
  programs: string,
  plugins: readonly string[] = [],
): Promise<RabbitMqServer> {
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  let environment: NodeJS.ProcessEnv = {};
  const server = await Server.start({
    // Erlang starts its port mapper as a daemon, unless there is one.
    command: 'sh',
    args: () => ['-c', `epmd -address 127.0.0.1 -port ${epmdPort} & exec ${programs}/rabbitmq-server`],
    env: (folder) => {
      environment = {
        HOME: folder,
        // After a restart, RabbitMQ may send a delayed message to a queue that isn't ready, and repeats that only then.
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-rabbit dead_letter_worker_publisher_confirm_timeout 3000',
        RABBITMQ_MNESIA_BASE: join(folder, 'data'),
        RABBITMQ_LOG_BASE: join(folder, 'log'),
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
        RABBITMQ_PID_FILE: join(folder, 'pid'),
        RABBITMQ_NODENAME: NODE,
        RABBITMQ_DIST_PORT: String(distributionPort),
        ERL_EPMD_PORT: String(epmdPort),
        ERL_EPMD_ADDRESS: '127.0.0.1',
      };
      return environment;
    },
    prepare: async (folder) => {
      await writeFile(
        join(folder, 'rabbitmq.conf'),
        `listeners.tcp.1 = 127.0.0.1:${port}\nlog.file = false\n`,
      );
      await writeFile(join(folder, 'enabled_plugins'), `[${plugins.join()}].`);
      const cookie = join(folder, '.erlang.cookie');
      await writeFile(cookie, 'COATCHECK');
      await chmod(cookie, 0o600);
    },
    ready: () => accepts(port),
  });
  return {
    server,
    port,
    control: async (...args) => {
      const env = { ...process.env, ...environment };
      const { succeeded, output } = await run(join(programs, 'rabbitmqctl'), ['-n', NODE, ...args], { env });
      if (!succeeded) throw new Error(`rabbitmqctl ${args.join(' ')} failed: ${tailOf(output)}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
