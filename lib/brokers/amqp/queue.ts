import type { ChannelModel } from 'amqplib';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { Logger } from '../../core/ports/telemetry.ts';

/** What a queue was declared with. Arguments that a policy sets are not among them: AMQP doesn't show policies. */
export type QueueArguments = Readonly<Record<string, string | number | boolean>>;

/**
 * Deliveries by a crash or a requeue after which RabbitMQ drops a message from a queue that we declare. It is far above
 * the attempts of any request, since the engine counts those. Without a limit, RabbitMQ 3.x puts a requeued message at
 * the back of the queue, and 4.x limits to 20.
 * @see https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling
 */
const DELIVERY_LIMIT = 1_000_000;

/** Workers that crash again and again raise the count of all messages they have buffered. */
const LEAST_DELIVERY_LIMIT = 100;
const DELIVERIES_PER_ATTEMPT = 10;

/** The limit of RabbitMQ 4.0 and later for a quorum queue without one. */
const DEFAULT_DELIVERY_LIMIT = 20;

/**
 * Has a queue deliver to one consumer at a time, and to the next one when that is gone.
 * @see https://www.rabbitmq.com/docs/consumers#single-active-consumer
 */
const SINGLE_ACTIVE_CONSUMER = 'x-single-active-consumer';

/** More arguments than a queue can have. */
const MAX_PROBES = 32;

/** What RabbitMQ 3.10 to 4.3 say if a queue exists with other arguments. */
const INEQUIVALENT =
  /inequivalent arg '(?<name>[^']+)' for queue .* but current is (?:the value )?(?:'(?<value>.*?)'(?: of type '(?<type>\w+)')?|none)"?$/;

/**
 * Declares a durable quorum queue unless there is a queue of that name.
 *
 * AMQP has no call that reads a queue's arguments. A declaration with other arguments is refused with the first one that
 * differs and its value, so that declaring again and again reads them all.
 *
 * @param ordered whether a queue that is declared delivers to one worker at a time
 * @returns the arguments of the queue
 * @throws ConfigurationError if the queue can't be declared or used
 */
export async function declareQueue(
  model: ChannelModel,
  queue: string,
  { ordered = false }: { readonly ordered?: boolean } = {},
): Promise<QueueArguments> {
  const declared: Record<string, string | number | boolean> = {
    'x-queue-type': 'quorum',
    'x-delivery-limit': DELIVERY_LIMIT,
    ...(ordered && { [SINGLE_ACTIVE_CONSUMER]: true }),
  };
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const refusal = await declare(model, queue, declared);
    if (refusal === undefined) return declared;
    const { name, value, type } = INEQUIVALENT.exec(refusal)?.groups ?? {};
    if (name === undefined) throw new ConfigurationError(`The queue ${queue} can't be used: ${refusal}`);
    if (!name.startsWith('x-')) throw unsuitable(queue, `is declared with ${name} = ${value}`, DURABLE);
    if (value === undefined) delete declared[name];
    else declared[name] = parsedValue(value, type ?? typeof declared[name]);
  }
  throw new ConfigurationError(`The arguments of the queue ${queue} can't be read`);
}

const DURABLE =
  'Delete it, so that it is declared anew, or declare it durable and neither exclusive nor auto-delete';

/** What an input queue must allow. */
export interface InputQueueDemands {
  readonly maxAttempts: number;
  readonly hasPolicyLimit: boolean;
  /** Whether the order of its messages is to be kept. @default false */
  readonly ordered?: boolean;
}

/**
 * @throws ConfigurationError if the queue may lose messages that are to be processed, or their order: says what to change
 */
export function checkInputQueue(
  queue: string,
  declared: QueueArguments,
  serverVersion: string,
  { maxAttempts, hasPolicyLimit, ordered = false }: InputQueueDemands,
): void {
  const type = declared['x-queue-type'] ?? 'classic';
  if (type !== 'quorum') {
    const problem = `is a ${type} queue; messages are processed from quorum queues only`;
    throw unsuitable(
      queue,
      problem,
      `A queue's type can't be changed. Delete the queue once it is empty, so that it is declared anew, or use another name`,
    );
  }
  checkOverflow(queue, declared);
  if (declared['x-expires'] !== undefined) {
    const problem = `has x-expires: RabbitMQ deletes it with its messages if no worker is connected for that time`;
    throw unsuitable(queue, problem, 'Declare it without x-expires');
  }
  if (ordered && declared[SINGLE_ACTIVE_CONSUMER] !== true) {
    const problem = `delivers to several workers at a time, so it doesn't keep order`;
    const remedy = `Delete it once it is empty, so that it is declared anew, or declare it with ${SINGLE_ACTIVE_CONSUMER} = true`;
    throw unsuitable(queue, problem, remedy);
  }
  const limit = declared['x-delivery-limit'] ?? (isVersion4(serverVersion) ? DEFAULT_DELIVERY_LIMIT : -1);
  const least = Math.max(LEAST_DELIVERY_LIMIT, maxAttempts * DELIVERIES_PER_ATTEMPT);
  if (hasPolicyLimit || typeof limit !== 'number' || limit < 0 || limit >= least) return;
  throw unsuitable(
    queue,
    `has the delivery limit ${limit}, less than ${least}: RabbitMQ takes a message away after that many requeues or crashes of a worker`,
    `Declare it with x-delivery-limit ${DELIVERY_LIMIT}, or set delivery-limit by a policy and add deliveryLimit=policy to the URL`,
  );
}

/** @throws ConfigurationError if the queue may lose messages it has confirmed: says what to change */
export function checkOutputQueue(queue: string, declared: QueueArguments): void {
  checkOverflow(queue, declared);
}

/** Says at start what a queue doesn't keep. Nothing, if a policy says it: AMQP doesn't show policies. */
export function logQueueLosses(queue: string, declared: QueueArguments, logger: Logger): void {
  const milliseconds = declared['x-message-ttl'];
  if (milliseconds === undefined) return;
  logger.warn(
    `The queue ${queue} can lose messages: x-message-ttl ends those that wait too long, without an outcome`,
    {
      milliseconds,
    },
  );
}

function checkOverflow(queue: string, declared: QueueArguments): void {
  const limit = ['x-max-length', 'x-max-length-bytes'].find((name) => declared[name] !== undefined);
  const overflow = declared['x-overflow'] ?? 'drop-head';
  if (limit === undefined || overflow !== 'drop-head') return;
  const problem = `has ${limit} with the overflow ${overflow}: RabbitMQ drops its oldest messages when it is full`;
  throw unsuitable(queue, problem, 'Declare it with x-overflow = reject-publish');
}

function unsuitable(queue: string, problem: string, remedy: string): ConfigurationError {
  return new ConfigurationError(`The queue ${queue} ${problem}. ${remedy}`);
}

/** @returns why the server refuses the declaration; undefined if the queue is so, or is so now */
async function declare(
  model: ChannelModel,
  queue: string,
  queueArguments: QueueArguments,
): Promise<string | undefined> {
  // A refusal closes the channel.
  const channel = await model.createChannel();
  channel.on('error', () => {});
  try {
    await channel.assertQueue(queue, { arguments: queueArguments });
    await channel.close();
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return error.message;
    throw error;
  }
}

/**
 * ACCESS_REFUSED, NOT_FOUND, RESOURCE_LOCKED, PRECONDITION_FAILED: waiting doesn't help.
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants
 */
const REFUSALS: readonly unknown[] = [403, 404, 405, 406];

/** Whether the server understands a call and refuses it. */
export function isRefusal(error: unknown): error is Error & { readonly code: unknown } {
  return error instanceof Error && 'code' in error && REFUSALS.includes(error.code);
}

/** @param type the one that RabbitMQ names; it names none if the type of the declaration is right */
function parsedValue(value: string, type: string): string | number | boolean {
  if (type === 'bool' || type === 'boolean') return value === 'true';
  return type === 'longstr' || type === 'string' || !/^-?\d+$/.test(value) ? value : Number(value);
}

function isVersion4(version: string): boolean {
  return Number.parseInt(version, 10) >= 4;
}
