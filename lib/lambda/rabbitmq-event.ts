import type { ConsumeMessage } from 'amqplib';
import { decodeMessage } from '../brokers/amqp/message.ts';
import { isObject } from '../core/base/json-object.ts';
import type { QueueMessage } from '../core/model/received-message.ts';

/** The properties of a message, as Lambda passes them on: null where the sender set none. */
interface BasicProperties {
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, unknown>> | null;
  readonly correlationId?: string | null;
  readonly replyTo?: string | null;
  readonly messageId?: string | null;
  /** Such as `Jan 1, 1970, 12:33:41 AM`, in UTC. */
  readonly timestamp?: string | null;
  readonly type?: string | null;
  readonly userId?: string | null;
  readonly appId?: string | null;
  readonly contentEncoding?: string | null;
}

/** An event of an event source mapping for RabbitMQ in Amazon MQ. */
export interface RabbitMqEvent {
  readonly eventSourceArn: string;
  /** By the queue and its virtual host, such as `orders::/`. */
  readonly rmqMessagesByQueue: Readonly<
    Record<string, readonly { readonly basicProperties: BasicProperties; readonly data: string }[]>
  >;
}

/** Whether an event comes from RabbitMQ. */
export function isRabbitMqEvent(event: object): event is RabbitMqEvent {
  return 'rmqMessagesByQueue' in event && isObject(event.rmqMessagesByQueue);
}

/**
 * Reads the messages of an event, as a worker reads them from the queue.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html
 */
export function rabbitMqMessagesOf({ rmqMessagesByQueue }: RabbitMqEvent): QueueMessage[] {
  return Object.values(rmqMessagesByQueue)
    .flat()
    .map(({ basicProperties, data }) =>
      decodeMessage({ content: Buffer.from(data, 'base64'), properties: propertiesOf(basicProperties) }),
    );
}

function propertiesOf({ headers, timestamp, ...texts }: BasicProperties): ConsumeMessage['properties'] {
  const { contentType, contentEncoding, correlationId, replyTo, messageId, type, userId, appId } = texts;
  return {
    contentType: contentType ?? undefined,
    contentEncoding: contentEncoding ?? undefined,
    correlationId: correlationId ?? undefined,
    replyTo: replyTo ?? undefined,
    messageId: messageId ?? undefined,
    type: type ?? undefined,
    userId: userId ?? undefined,
    appId: appId ?? undefined,
    timestamp: timestamp ? secondsOf(timestamp) : undefined,
    headers: headers
      ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerOf(value)]))
      : {},
    deliveryMode: undefined,
    priority: undefined,
    expiration: undefined,
    clusterId: undefined,
  };
}

/** Lambda writes a text as the bytes of its UTF-8, which have a sign. */
function headerOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(headerOf);
  if (!isObject(value)) return value;
  if (Array.isArray(value.bytes) && Object.keys(value).length === 1)
    return Buffer.from(value.bytes).toString();
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, headerOf(member)]));
}

/** Newer versions of Java write a narrow space before AM and PM. */
function secondsOf(text: string): number | undefined {
  const time = Date.parse(`${text.replaceAll('\u202F', ' ')} UTC`);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1_000);
}
