import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import { isRefusal } from './queue.ts';

/**
 * How long RabbitMQ takes to record a new quorum queue on disk. Until then it confirms messages, but if it is killed, it
 * starts the queue again without them (seen on 3.10.8 up to half a second after the declaration).
 */
const NEW_QUEUE_MILLISECONDS = 1_000;

/** A busy server takes longer for that, as it does for the declaration: it is given as many times the time of that. */
const TIMES_DECLARATION = 10;

/** Declares queues. If one of them is new, waits until it keeps what it confirms. */
export async function untilKept<Value>(
  model: ChannelModel,
  queues: readonly string[],
  declare: () => Promise<Value>,
): Promise<Value> {
  const exist = await Promise.all(queues.map((queue) => exists(model, queue)));
  const declaredAt = performance.now();
  const declared = await declare();
  const took = performance.now() - declaredAt;
  if (exist.includes(false)) await sleep(Math.max(NEW_QUEUE_MILLISECONDS, took * TIMES_DECLARATION));
  return declared;
}

async function exists(model: ChannelModel, queue: string): Promise<boolean> {
  // The answer that there is none closes the channel.
  const channel = await model.createChannel();
  channel.on('error', () => {});
  try {
    await channel.checkQueue(queue);
    await channel.close();
    return true;
  } catch (error) {
    // What else is wrong shows when the queue is declared.
    if (!isRefusal(error)) throw error;
    return error.code !== NOT_FOUND;
  }
}

const NOT_FOUND = 404;
