import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { PROJECT_FOLDER } from '../../../lib/local/folder.ts';
import { freePort } from '../../local/free-port.ts';
import { installOnce } from '../peers/installation.ts';
import { runProgram } from '../peers/run-program.ts';
import { DroppingProxy } from './dropping-proxy.ts';
import { Server } from './server.ts';

const PINS = join(PROJECT_FOLDER, 'test', 'support', 'brokers', 'kafka');

/** Starts in half the time, at the price of speed later. */
const JAVA_OPTIONS = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

const USER = 'app';
const PASSWORD = 'se:cret';

/** Finds Java and the classes of Kafka, and installs the latter if needed. @returns their class path */
export async function findKafka(): Promise<string> {
  await runProgram('java', ['-version']);
  const install = async (draft: string) => {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${draft}`];
    await runProgram('mvn', ['--batch-mode', '--quiet', '--file', join(PINS, 'pom.xml'), ...goal]);
  };
  return join(await installOnce('kafka', ['pom.xml'], install, PINS), '*');
}

/** Produces a record for each key with Kafka's own client: the key is also its value. */
export async function produceByJava(
  server: string,
  classPath: string,
  topic: string,
  keys: readonly string[],
): Promise<void> {
  const program = join(PINS, 'ProduceKeys.java');
  await runProgram('java', [...JAVA_OPTIONS, '-cp', classPath, program, server, topic, ...keys]);
}

/** A topic and how it differs from the server's defaults. */
export interface KafkaTopic {
  readonly name: string;
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** A Kafka server of one node, which is a broker and a controller. */
export interface KafkaServer extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  /** The port for users with a password, without TLS. */
  readonly loginPort: number;
  readonly login: { readonly user: string; readonly password: string };
  /** The network between the server and clients that connect to the proxy's port. */
  readonly proxy: DroppingProxy;
  createTopics(...topics: readonly KafkaTopic[]): Promise<void>;
}

/** @param classPath what {@link findKafka} found */
export async function startKafka(classPath: string): Promise<KafkaServer> {
  const [port, controllerPort, loginPort, proxiedPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const proxy = await DroppingProxy.to(proxiedPort);
  const properties = (folder: string) => ({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAIN://127.0.0.1:${port},PROXIED://127.0.0.1:${proxiedPort},LOGIN://127.0.0.1:${loginPort},CONTROLLER://127.0.0.1:${controllerPort}`,
    // Clients connect where the server says, so the proxy needs a listener of its own.
    'advertised.listeners': `PLAIN://127.0.0.1:${port},PROXIED://127.0.0.1:${proxy.port},LOGIN://127.0.0.1:${loginPort}`,
    'listener.security.protocol.map':
      'PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
    'inter.broker.listener.name': 'PLAIN',
    'controller.listener.names': 'CONTROLLER',
    'listener.name.login.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'listener.name.login.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
    'listener.name.login.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'log.dirs': join(folder, 'data'),
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 500,
    'group.max.session.timeout.ms': 600_000,
    // Without these two a restart after a kill takes 12 s.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 500,
  });
  const java = [...JAVA_OPTIONS, '-cp', classPath];
  const server = await Server.start({
    command: 'java',
    args: (folder) => [...java, 'kafka.Kafka', join(folder, 'server.properties')],
    prepare: async (folder) => {
      const file = join(folder, 'server.properties');
      const lines = Object.entries(properties(folder)).map(([name, value]) => `${name}=${value}`);
      await writeFile(file, lines.join('\n'));
      const scram = `SCRAM-SHA-512=[name=${USER},password=${PASSWORD}]`;
      const format = ['format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', file, '--add-scram', scram];
      await runProgram('java', [...java, 'kafka.tools.StorageTool', ...format]);
    },
    ready: () => answers(port),
  });
  return {
    server,
    port,
    loginPort,
    login: { user: USER, password: PASSWORD },
    proxy,
    createTopics: (...topics) => createTopics(port, topics),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** A client for tests. */
export function adminOf(port: number): Admin {
  return new Admin({
    clientId: 'test',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 10,
    retryDelay: 200,
  });
}

/** Rejects while the server has no controller, or none of its clients would find it. */
async function answers(port: number): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${port}`], retries: 0 });
  try {
    const { brokers } = await admin.metadata({ topics: [] });
    if (brokers.size === 0) throw new Error('The broker is not registered yet');
  } finally {
    await admin.close();
  }
}

async function createTopics(port: number, topics: readonly KafkaTopic[]): Promise<void> {
  const admin = adminOf(port);
  try {
    const create = ({ name, partitions = 1, configs = {} }: KafkaTopic) =>
      admin.createTopics({
        topics: [name],
        partitions,
        replicas: 1,
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      });
    await Promise.all(topics.map(create));
  } finally {
    await admin.close();
  }
}
