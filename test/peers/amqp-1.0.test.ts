import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AMQP } from '../../lib/brokers/amqp.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { available } from '../support/brokers/available.ts';
import { receiveOne } from '../support/brokers/messages.ts';
import { findRabbitMq, type RabbitMqServer, startRabbitMq } from '../support/brokers/rabbitmq-server.ts';
import { installJsPeers } from '../support/peers/js.ts';

/** What of rhea, a client of AMQP 1.0, the test uses. */
interface Rhea {
  connect(options: Readonly<Record<string, unknown>>): Connection;
  readonly message: { data_section(bytes: Buffer): unknown };
  readonly types: { wrap_binary(bytes: Buffer): unknown };
}
interface Connection extends NodeJS.EventEmitter {
  open_sender(address: string): NodeJS.EventEmitter & { send(message: object): void };
  close(): void;
}

const programs = await available('RabbitMQ', findRabbitMq);

describe.runIf(programs)('a message that a client of AMQP 1.0 sends to RabbitMQ 3.10', () => {
  let rabbit: RabbitMqServer;
  let rhea: Rhea;
  beforeAll(async () => {
    rabbit = await startRabbitMq(programs ?? '', ['rabbitmq_amqp1_0']);
    rhea = (await installJsPeers()).load<Rhea>('rhea');
  });
  afterAll(() => rabbit[Symbol.asyncDispose]());

  async function openInput() {
    const queue = `queue-${crypto.randomUUID()}`;
    const url = new URL(`amqp://127.0.0.1:${rabbit.port}?queue=${queue}`);
    const input = await AMQP.openInput(url, {
      maxInFlight: 100,
      maxAttempts: 5,
      logger: new CollectingLogger(),
    });
    onTestFinished(() => input[Symbol.asyncDispose]());
    return { queue, input };
  }

  async function send(queue: string, message: object) {
    const login = { username: 'guest', password: 'guest', reconnect: false };
    const connection = rhea.connect({ host: '127.0.0.1', port: rabbit.port, ...login });
    const sender = connection.open_sender(`/amq/queue/${queue}`);
    await once(sender, 'sendable');
    sender.send({ message_id: 'm-1', durable: true, ...message });
    await once(sender, 'accepted');
    connection.close();
  }

  const text = '{"order": 17}';
  const longText = JSON.stringify({ order: 'a'.repeat(300) });

  test.each([
    ['a text', () => text, text],
    ['a long text', () => longText, longText],
    ['bytes as a value', () => rhea.types.wrap_binary(Buffer.from(text)), text],
    ['bytes as data', () => rhea.message.data_section(Buffer.from(text)), text],
    ['nothing', () => null, ''],
  ])('has its body: %s', async (_, body, expected) => {
    const { queue, input } = await openInput();
    await send(queue, { body: body() });
    expect(await receiveOne(input)).toMatchObject({ id: 'm-1', body: expected });
  });

  test('has its body after a delay, too', async () => {
    const { queue, input } = await openInput();
    await send(queue, { body: text });
    await (await receiveOne(input)).retryAfter(1);
    expect(await receiveOne(input)).toMatchObject({ id: 'm-1', body: text, deliveryCount: 2 });
  });

  test('was sent when its sender says, although the server passes on milliseconds as seconds', async () => {
    const { queue, input } = await openInput();
    const sentAt = Date.now();
    await send(queue, { body: text, creation_time: new Date(sentAt) });
    expect(await receiveOne(input)).toMatchObject({ sentAt });
  });

  test('has its content type, but none of its properties, which the server passes on encoded', async () => {
    const { queue, input } = await openInput();
    await send(queue, {
      body: text,
      content_type: 'application/json',
      application_properties: { RequestId: 'order-17' },
    });
    expect((await receiveOne(input)).attributes).toEqual({ ContentType: 'application/json' });
  });
});
