import { CreateQueueCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../../lib/local/environment.ts';
import type { MemoryMessage } from '../../../lib/stores/memory/input-queue.ts';
import { delivery } from '../delivery.ts';
import { EngineHarness, type HarnessOptions } from '../engine-harness.ts';
import { problemOf, statusOf } from '../outcome-event.ts';

/** The settings of a program that uses the local AWS. */
export function awsVariables(endpoint: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  };
}

/** Creates a queue. @returns its URL, which ends in its name */
export async function createQueue(sqs: SQSClient): Promise<string> {
  const name = `peers-${crypto.randomUUID()}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  return QueueUrl;
}

/** Takes as many messages off a queue, as the event source does. */
export async function receiveMessages(
  sqs: SQSClient,
  queue: string,
  count: number,
): Promise<MemoryMessage[]> {
  const received: MemoryMessage[] = [];
  while (received.length < count) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queue,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 2,
        MessageAttributeNames: ['All'],
      }),
    );
    received.push(...Messages.map(deliveryOf));
  }
  return received;
}

function deliveryOf({ MessageId = '', Body = '', MessageAttributes = {} }: Message): MemoryMessage {
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [
    name,
    StringValue,
  ]);
  return delivery(Body, { id: MessageId, receipt: MessageId, attributes: Object.fromEntries(attributes) });
}

/** A request as a handler gets it. */
export interface HandledRequest {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Runs messages. @returns what the handler got, by request id, and the codes of the failures */
export async function runMessages(
  deliveries: readonly MemoryMessage[],
  options: HarnessOptions = {},
): Promise<{ readonly handled: Record<string, HandledRequest>; readonly failures: readonly string[] }> {
  const handled: Record<string, HandledRequest> = {};
  const harness = new EngineHarness(async (request) => {
    const { contentType, metadata } = request;
    handled[request.id] = { bytes: Buffer.from(await request.bytes()), contentType, metadata };
  }, options);
  const undelivered = await harness.process(deliveries);
  if (undelivered.length > 0) throw new Error(`${undelivered} need another delivery`);
  const failed = harness.events.filter((event) => statusOf(event) === 'failed');
  return { handled, failures: failed.map((event) => problemOf(event).code) };
}
