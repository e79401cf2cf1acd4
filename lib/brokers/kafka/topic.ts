import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { asKafkaError, clientOptions, isKafkaError } from './client.ts';
import type { KafkaAddress } from './url.ts';

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

/** The default of `max.message.bytes`, for servers that don't show their settings. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

/** Copies that survive the loss of one server and still take messages. */
const REPLICAS = 3;
const MIN_IN_SYNC_REPLICAS = 2;

const DEFAULT_PARTITIONS = 12;

/** What a topic is like. What the server doesn't show is missing. */
export interface KafkaTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  /** Most bytes of a batch of messages as it is sent. */
  readonly maxMessageBytes: number;
  /** Seconds after which messages are deleted, infinite if they never are. */
  readonly retentionSeconds?: number;
  readonly isCompacted?: boolean;
  readonly hasByteLimit?: boolean;
  readonly minInSyncReplicas?: number;
  readonly hasUncleanElections?: boolean;
}

/** Reads topics. @throws ConfigurationError if one is missing: says how to create it */
export async function readTopics(
  address: KafkaAddress,
  names: readonly string[],
): Promise<readonly KafkaTopic[]> {
  const admin = new Admin(clientOptions(address, REQUEST_TIMEOUT_MILLISECONDS));
  try {
    const topics: KafkaTopic[] = [];
    for (const name of names) topics.push(await readTopic(admin, address, name, topics[0]));
    return topics;
  } catch (error) {
    throw asKafkaError(error, address);
  } finally {
    await admin.close();
  }
}

/** @param like a topic whose partitions and replicas are suggested for one that is missing */
async function readTopic(
  admin: Admin,
  address: KafkaAddress,
  name: string,
  like: KafkaTopic | undefined,
): Promise<KafkaTopic> {
  const { brokers } = await admin.metadata({ topics: [] });
  const found = await admin.metadata({ topics: [name] }).then(
    ({ topics }) => topics.get(name),
    (error: Error) => {
      if (/Unknown topic/.test(error.message)) return undefined;
      throw error;
    },
  );
  if (found === undefined) {
    const partitions = like?.partitions ?? DEFAULT_PARTITIONS;
    const replicas = like?.replicas ?? Math.min(REPLICAS, brokers.size);
    const isSafe = replicas > MIN_IN_SYNC_REPLICAS;
    throw new ConfigurationError(
      `There is no topic ${name}. Create it: kafka-topics.sh --bootstrap-server ${address.servers.join(',')} --create --topic ${name} --partitions ${partitions} --replication-factor ${replicas}${isSafe ? ` --config min.insync.replicas=${MIN_IN_SYNC_REPLICAS}` : ''}`,
    );
  }
  const settings = await readSettings(admin, name);
  const number = (setting: string) => {
    const value = settings.get(setting);
    return value === undefined ? undefined : Number(value);
  };
  const retention = number('retention.ms');
  const bytes = number('retention.bytes');
  const policy = settings.get('cleanup.policy');
  const isDeleted = policy?.includes('delete') !== false;
  const uncleanElections = settings.get('unclean.leader.election.enable');
  const minInSyncReplicas = number('min.insync.replicas');
  return {
    name,
    partitions: found.partitionsCount,
    replicas: found.partitions[0]?.replicas.length ?? 0,
    maxMessageBytes: number('max.message.bytes') ?? DEFAULT_MAX_MESSAGE_BYTES,
    ...(retention !== undefined && {
      retentionSeconds: retention < 0 || !isDeleted ? Number.POSITIVE_INFINITY : retention / 1_000,
    }),
    ...(policy !== undefined && { isCompacted: policy.includes('compact') }),
    ...(bytes !== undefined && { hasByteLimit: bytes >= 0 && isDeleted }),
    ...(minInSyncReplicas !== undefined && { minInSyncReplicas }),
    ...(uncleanElections !== undefined && { hasUncleanElections: uncleanElections === 'true' }),
  };
}

/** Empty if the user may not read them. */
async function readSettings(admin: Admin, topic: string): Promise<ReadonlyMap<string, string>> {
  try {
    const [description] = await admin.describeConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName: topic }],
    });
    return new Map(description?.configs.map(({ name, value }) => [name, value ?? '']));
  } catch (error) {
    if (isKafkaError(error, 'apiId', 'TOPIC_AUTHORIZATION_FAILED')) return new Map();
    throw error;
  }
}

/** @throws ConfigurationError if the server may delete a message for the sake of a newer one with the same key */
export function checkInputTopic({ name, isCompacted }: KafkaTopic): void {
  if (!isCompacted) return;
  throw new ConfigurationError(
    `The topic ${name} has a cleanup.policy with compact: of messages with the same key, Kafka deletes all but the last one, processed or not. Set it to delete: kafka-configs.sh --alter --topic ${name} --add-config cleanup.policy=delete`,
  );
}

/** Says at start what a topic doesn't keep. */
export function logTopicGuarantee(logger: Logger, topic: KafkaTopic): void {
  const { name, replicas, retentionSeconds, minInSyncReplicas = MIN_IN_SYNC_REPLICAS } = topic;
  const risks = [
    replicas < MIN_IN_SYNC_REPLICAS &&
      `${replicas} replica: a lost disk loses its messages. Use ${REPLICAS} replicas`,
    replicas >= MIN_IN_SYNC_REPLICAS &&
      minInSyncReplicas < MIN_IN_SYNC_REPLICAS &&
      `min.insync.replicas ${minInSyncReplicas}: a message is confirmed by one server alone while the others are behind, and lost with it. Set it to ${MIN_IN_SYNC_REPLICAS}`,
    topic.hasUncleanElections &&
      'unclean.leader.election.enable: a server that is behind may become the leader, which loses messages. Set it to false',
    topic.isCompacted && 'cleanup.policy compact: of messages with the same key only the last one stays',
    topic.hasByteLimit &&
      'retention.bytes: when the topic is full, the oldest messages are deleted. Set it to -1',
  ].filter((risk) => typeof risk === 'string');
  const losses = [
    ...risks,
    retentionSeconds === undefined && 'the server doesn’t show the settings of the topic: nothing is checked',
    retentionSeconds !== undefined &&
      Number.isFinite(retentionSeconds) &&
      `messages are deleted after ${retentionSeconds} s, processed or not`,
    'a message is confirmed before it is synced to disk: a power failure of all replicas at once loses it',
  ].filter((loss) => typeof loss === 'string');
  const level = risks.length > 0 ? 'warn' : 'info';
  logger[level](`The topic ${name} can lose messages in these cases`, { replicas, losses });
}
