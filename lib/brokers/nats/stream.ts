import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  PersistMode,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { type NatsInputUrl, type NatsOutputUrl, wildcardOf } from './url.ts';

/** How long a message stays hidden unless it is extended, in a consumer that we create. */
const ACK_WAIT_SECONDS = 30;

export const NANOSECONDS = 1_000_000_000;

/** Any number: messages that wait for their next attempt count, and would stop the delivery of others. */
export const UNLIMITED = -1;

/** What of a consumer's configuration the input queue needs. */
export interface ConsumerLimits {
  readonly ackWaitSeconds: number;
  /** Most messages in one pull. */
  readonly maxBatch: number;
  /** Longest wait of a pull, in milliseconds. */
  readonly maxExpiresMilliseconds: number;
}

/**
 * Finds a stream, or creates a work queue with the subject.
 * @throws ConfigurationError if it is missing and there is no subject
 */
export async function ensureStream(
  manager: JetStreamManager,
  name: string,
  subject: string | undefined,
): Promise<StreamConfig> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (!hasCode(error, JetStreamApiCodes.StreamNotFound))
      throw asConfigurationError(`The stream ${name}`, error);
  }
  if (subject === undefined) {
    throw new ConfigurationError(
      `There is no stream ${name}. Create it, or add subject=SUBJECT to the URL: a work queue with this subject is created then`,
    );
  }
  try {
    const retention = RetentionPolicy.Workqueue;
    const created = await manager.streams.add({ name, subjects: [subject], retention });
    return created.config;
  } catch (error) {
    throw asConfigurationError(`The stream ${name} can't be created: it`, error);
  }
}

/**
 * Finds the stream that takes the subject, or creates the one that the URL names.
 * @throws ConfigurationError if no stream, or another one, takes it
 */
export async function ensureOutputStream(
  manager: JetStreamManager,
  { stream, ...url }: NatsOutputUrl,
): Promise<StreamConfig> {
  const subject = wildcardOf(url.subject);
  if (stream !== undefined) await ensureStream(manager, stream, subject);
  const found = await findStream(manager, subject);
  if (found === undefined) {
    throw new ConfigurationError(
      `No stream takes the subject ${subject}. Add it to a stream, add stream=NAME to the URL to create a work queue, or choose mode=core, which keeps nothing`,
    );
  }
  if (stream !== undefined && found !== stream) {
    throw new ConfigurationError(
      `The stream ${found} takes the subject ${subject}, not the stream ${stream}`,
    );
  }
  const { config, state } = await manager.streams.info(found);
  if (config.retention === RetentionPolicy.Interest && state.consumer_count === 0) {
    throw new ConfigurationError(
      `The stream ${found} has the retention interest and no consumer: NATS confirms each message and deletes it. Create the consumer first, or use another retention`,
    );
  }
  return config;
}

async function findStream(manager: JetStreamManager, subject: string): Promise<string | undefined> {
  try {
    return await manager.streams.find(subject);
  } catch (error) {
    if (hasCode(error, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw asConfigurationError(`Looking for the stream of the subject ${subject}`, error);
  }
}

/** Finds a durable consumer, or creates it, and checks it. @throws ConfigurationError that says what to change */
export async function ensureConsumer(
  manager: JetStreamManager,
  { stream, consumer, subject }: NatsInputUrl,
  maxInFlight: number,
): Promise<ConsumerLimits> {
  const config = await findOrCreate(manager, stream, consumer, subject);
  checkConsumer(`The consumer ${consumer} of the stream ${stream}`, config, maxInFlight);
  return {
    ackWaitSeconds: (config.ack_wait ?? 0) / NANOSECONDS,
    maxBatch: config.max_batch || Number.POSITIVE_INFINITY,
    maxExpiresMilliseconds: (config.max_expires || Number.POSITIVE_INFINITY) / 1_000_000,
  };
}

async function findOrCreate(
  manager: JetStreamManager,
  stream: string,
  consumer: string,
  subject: string | undefined,
): Promise<ConsumerConfig> {
  try {
    return (await manager.consumers.info(stream, consumer)).config;
  } catch (error) {
    if (!hasCode(error, JetStreamApiCodes.ConsumerNotFound))
      throw asConfigurationError(`The consumer ${consumer}`, error);
  }
  try {
    const created = await manager.consumers.add(stream, {
      durable_name: consumer,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT_SECONDS * NANOSECONDS,
      max_deliver: UNLIMITED,
      max_ack_pending: UNLIMITED,
      ...(subject !== undefined && { filter_subject: subject }),
    });
    return created.config;
  } catch (error) {
    throw asConfigurationError(
      `The consumer ${consumer} of the stream ${stream} can't be created: it`,
      error,
    );
  }
}

function checkConsumer(what: string, config: ConsumerConfig, maxInFlight: number): void {
  const { max_ack_pending: maxAckPending = UNLIMITED, max_deliver: maxDeliver = UNLIMITED } = config;
  const ackWait = config.ack_wait ?? 0;
  const problems: string[] = [];
  const needs = (is: boolean, problem: string) => {
    if (!is) problems.push(problem);
  };
  needs(config.deliver_subject === undefined, 'is a push consumer: make it a pull consumer');
  needs(
    config.ack_policy === AckPolicy.Explicit,
    `has the ack policy ${config.ack_policy}: make it explicit`,
  );
  needs(
    maxDeliver <= 0,
    `has max_deliver ${maxDeliver}, after which a message is never delivered again: make it -1, attempts are counted and dead-lettered by the worker`,
  );
  needs(
    (config.backoff ?? []).length === 0,
    'has a backoff, which replaces ack_wait: remove it, the worker delays retries',
  );
  needs(
    maxAckPending <= 0 || maxAckPending >= maxInFlight,
    `has max_ack_pending ${maxAckPending}: make it at least ${maxInFlight}, as many as the worker holds, or -1`,
  );
  needs(
    ackWait >= NANOSECONDS,
    `has ack_wait ${ackWait / NANOSECONDS} s: make it at least 1 s, better ${ACK_WAIT_SECONDS} s`,
  );
  const groups = config.priority_groups ?? [];
  needs(
    groups.length === 0,
    `has the priority groups ${groups.join(', ')}, and delivers only to clients that name one, which the worker doesn't: create another consumer`,
  );
  needs(config.headers_only !== true, 'delivers headers only: make headers_only false');
  needs(
    !config.inactive_threshold,
    'is deleted when no worker is connected for a while: remove inactive_threshold',
  );
  if (problems.length > 0) throw new ConfigurationError(`${what} ${problems.join('; it ')}`);
}

/** Says at start what the stream doesn't keep. */
export function logStreamGuarantee(
  logger: Logger,
  { name, storage, num_replicas: replicas, max_age: maxAge, discard, ...config }: StreamConfig,
): void {
  const isBounded = config.max_msgs > 0 || config.max_bytes > 0 || (config.max_msgs_per_subject ?? 0) > 0;
  const losses = [
    storage === StorageType.Memory && 'a stop of the server loses its messages: they are in memory',
    storage === StorageType.File &&
      "a message is confirmed before it is synced to disk: a power failure of all replicas within the server's sync_interval, 2 minutes by default, loses it. sync_interval: always prevents that",
    config.persist_mode === PersistMode.Async &&
      'persist_mode async: a crash of the server loses messages too',
    config.allow_msg_ttl &&
      'messages with a header Nats-TTL are deleted when their time is over, processed or not',
    config.retention === RetentionPolicy.Interest &&
      'retention interest: a message that no consumer takes is confirmed and deleted, and so is one that is sent again later',
    maxAge > 0 && `messages are deleted after ${maxAge / NANOSECONDS} s, processed or not`,
    discard === DiscardPolicy.Old &&
      isBounded &&
      'when it is full, the oldest messages are deleted: make discard new',
  ].filter((loss) => typeof loss === 'string');
  logger.info(`The stream ${name} can lose messages in these cases`, { replicas, losses });
}

/** Whether the server refused a call with a code. */
export function hasCode(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** What the server refuses needs a change of the configuration; anything else is an outage. */
export function asConfigurationError(what: string, error: unknown): Error {
  if (error instanceof JetStreamApiError && error.status < 500) {
    return new ConfigurationError(`${what} is refused by NATS: ${error.message}`, { cause: error });
  }
  return error instanceof Error ? error : new Error(messageOf(error));
}
