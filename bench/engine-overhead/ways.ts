import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { SQS_MAX_BATCH_ENTRIES, SQS_MAX_MESSAGE_BYTES } from '../../lib/core/config/aws-limits.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../lib/core/engine/engine-ports.ts';
import { PAID_CALL_LINGER_MILLISECONDS } from '../../lib/core/ports/message-sink.ts';
import { PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { LAMBDA_CONTEXT } from '../../test/support/lambda-context.ts';
import { engineSettings } from '../../test/support/settings.ts';
import { awsPorts, lambdaOn, QUEUE_URL, TABLE } from '../support/aws-ports.ts';
import { InProcessAws } from '../support/in-process-aws.ts';
import { silentLogger } from '../support/silent-logger.ts';

/** Processes a batch, from the event to the response. */
type Way = (event: SQSEvent) => Promise<unknown>;

/** Ways to process a batch, by their names in the report. */
export const WAYS = { bare, powertools, engine, 'engine in memory': engineInMemory } satisfies Record<
  string,
  () => Way
>;

export type WayName = keyof typeof WAYS;

/** The work of every handler. */
function product({ x, y }: { x: number; y: number }): { product: number } {
  return { product: x * y };
}

/** The handler without an engine or error handling, with the same number of writes. */
function bare(): Way {
  const { queues, records } = new InProcessAws();
  const put = (id: string, status: string) =>
    records.send(new PutItemCommand({ TableName: TABLE, Item: { pk: { S: id }, status: { S: status } } }));
  return async ({ Records }) => {
    const entries = await Promise.all(
      Records.map(async ({ messageId, body }, index) => {
        await put(messageId, 'running');
        const result = product(JSON.parse(body));
        await put(messageId, 'succeeded');
        return { Id: String(index), MessageBody: JSON.stringify(result) };
      }),
    );
    const calls: Promise<unknown>[] = [];
    for (let start = 0; start < entries.length; start += SQS_MAX_BATCH_ENTRIES) {
      const Entries = entries.slice(start, start + SQS_MAX_BATCH_ENTRIES);
      calls.push(queues.send(new SendMessageBatchCommand({ QueueUrl: QUEUE_URL, Entries })));
    }
    await Promise.all(calls);
  };
}

/** What a team would write instead: Powertools' batch processor and idempotency, and one send each. */
function powertools(): Way {
  const aws = new InProcessAws();
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'messageId' });
  const persistenceStore = new DynamoDBPersistenceLayer({ tableName: TABLE, awsSdkV3Client: aws.records });
  const handleOnce = makeIdempotent(
    async ({ body }: SQSRecord) => {
      const result = product(JSON.parse(body));
      const MessageBody = JSON.stringify(result);
      await aws.queues.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody }));
      return result;
    },
    { persistenceStore, config },
  );
  const processor = new BatchProcessor(EventType.SQS);
  return async (event) => {
    config.registerLambdaContext(LAMBDA_CONTEXT);
    await processPartialResponse(event, handleOnce, processor);
    aws.messages.length = 0;
  };
}

/** The engine as deployed, with a simulated AWS. */
function engine(): Way {
  const aws = new InProcessAws();
  return engineOn(aws, { ...awsPorts(aws), logger: new PowertoolsLogger(new Logger()) });
}

/** The engine alone: ports that do nothing. */
function engineInMemory(): Way {
  const aws = new InProcessAws();
  return engineOn(aws, {
    ...awsPorts(aws),
    records: { read: async () => undefined, write: async () => ({ written: true }) },
    output: {
      maxMessages: SQS_MAX_BATCH_ENTRIES,
      maxBytes: SQS_MAX_MESSAGE_BYTES,
      maxMessageBytes: SQS_MAX_MESSAGE_BYTES,
      lingerMilliseconds: PAID_CALL_LINGER_MILLISECONDS,
      sizeOf: ({ body }) => Buffer.byteLength(body),
      send: async (messages) => messages.map(() => ({ sent: true })),
    },
    logger: silentLogger,
  });
}

function engineOn(aws: InProcessAws, ports: Omit<EnginePorts, 'clock' | 'random'>): Way {
  const handler = async (request: { json(): Promise<unknown> }) =>
    product((await request.json()) as { x: number; y: number });
  const settings = engineSettings({ concurrency: 10_000 });
  const engine = new Engine({ handler }, settings, { ...ports, clock: Date, random: Math.random });
  const handle = lambdaOn(engine, aws);
  return async (event) => {
    const { batchItemFailures } = await handle(event);
    if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed`);
  };
}
