import type { ChannelModel } from 'amqplib';
import { ConfigurationError } from '../core/base/errors.ts';
import type { Broker } from '../core/ports/broker.ts';
import { AmqpInputQueue } from './amqp/input-queue.ts';
import { AmqpOutputQueue } from './amqp/output-queue.ts';
import { Publisher } from './amqp/publisher.ts';
import {
  checkOutputQueue,
  declareQueue,
  isRefusal,
  logQueueLosses,
  type QueueArguments,
} from './amqp/queue.ts';
import { untilKept } from './amqp/until-kept.ts';
import { type PublishTarget, parseInputUrl, parseOutputUrl } from './amqp/url.ts';

/**
 * RabbitMQ 3.10 or later, by AMQP 0-9-1. Input: `amqp://user:password@host:5672/vhost?queue=NAME`, a quorum queue.
 * Output: `?queue=NAME`, or `?exchange=NAME&routingKey=KEY`. `amqps://` for TLS. `heartbeat` in seconds, 30 by default.
 * @see docs/brokers/amqp.md
 */
export const AMQP: Broker = {
  openInput: (url, options) => AmqpInputQueue.open(parseInputUrl(url), options),

  async openOutput(url, { logger }) {
    const { address, target } = parseOutputUrl(url);
    let declared: QueueArguments = {};
    const prepare = async (model: ChannelModel) => {
      declared = await checkTarget(model, target);
    };
    const publisher = await Publisher.open(address, prepare, logger);
    logQueueLosses(target.routingKey, declared, logger);
    return new AmqpOutputQueue(publisher, target);
  },
};

/**
 * Declares a queue that is missing. An exchange must exist: only its owner knows where it routes.
 * @returns the arguments of the queue; none of an exchange
 */
async function checkTarget(
  model: ChannelModel,
  { exchange, routingKey }: PublishTarget,
): Promise<QueueArguments> {
  if (exchange === '') {
    const declared = await untilKept(model, [routingKey], () => declareQueue(model, routingKey));
    checkOutputQueue(routingKey, declared);
    return declared;
  }
  const channel = await model.createChannel();
  channel.on('error', () => {});
  try {
    await channel.checkExchange(exchange);
    await channel.close();
    return {};
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const remedy = 'Declare it, bind a queue to it, and let the user write to it';
    throw new ConfigurationError(`The exchange ${exchange} can't be used: ${error.message}. ${remedy}`);
  }
}
