/**
 * Relays the rows of an outbox table to input queues: those that the stream of the table delivers, and, when it is invoked with
 * anything else than a batch of records, those that were left in the table.
 */

import type { Context, DynamoDBBatchResponse } from 'aws-lambda';
import { addedProcessors } from '../../lib/aws/added-processors.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbOutboxItems } from '../../lib/aws/dynamodb-outbox-items.ts';
import { isFifo } from '../../lib/aws/sqs-fifo.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { DYNAMODB_STREAM_RETENTION_SECONDS } from '../../lib/core/config/aws-limits.ts';
import {
  type OutboxFunctionEnvironment,
  readOutboxFunctionEnvironment,
} from '../../lib/core/config/outbox-function-environment.ts';
import { type OutboxItemDestination, OutboxItemRelay } from '../../lib/core/intake/outbox-item-relay.ts';
import { insertedRow, isStreamEvent, streamResponse } from '../../lib/lambda/dynamodb-stream-event.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/**
 * A younger row may still be on its way through the stream. To relay it twice would do no harm, but with order, it would overtake
 * those that the stream delivers before it.
 */
const LEFT_SECONDS = { standard: 15 * 60, ordered: DYNAMODB_STREAM_RETENTION_SECONDS };

/** What a page of leftovers may take. */
const PAGE_MILLISECONDS = 30_000;

const powertools = createPowertools();
const environment = readOutboxFunctionEnvironment(process.env);
const { outboxTable, failureQueueUrl, inputQueueUrl, highInputQueueUrl, lowInputQueueUrl } = environment;
const queues = queueClient();
const lanes = {
  ...(highInputQueueUrl && { high: new SqsOutputQueue(queues, highInputQueueUrl) }),
  ...(lowInputQueueUrl && { low: new SqsOutputQueue(queues, lowInputQueueUrl) }),
};
const relay = new OutboxItemRelay({
  table: new DynamoDbOutboxItems(recordClient(), outboxTable),
  destinations: [
    { ...destinationOf(environment), lanes },
    ...addedProcessors(environment).map(destinationOf),
  ],
  failures: new SqsOutputQueue(queues, failureQueueUrl),
  logger: new PowertoolsLogger(powertools),
});

/**
 * Relays a batch of records, or what was left in the table.
 * @throws Error if rows are still left
 */
export async function handler(
  event: unknown,
  context: Context,
): Promise<DynamoDBBatchResponse | { readonly relayed: number }> {
  powertools.addContext(context);
  if (isStreamEvent(event)) {
    const done = await relay.relay(event.Records.map(insertedRow));
    powertools.info('Rows of the outbox relayed', { rows: done.filter(Boolean).length, of: done.length });
    return streamResponse(event, done);
  }
  const mayContinue = () => context.getRemainingTimeInMillis() > PAGE_MILLISECONDS;
  const leftSeconds = LEFT_SECONDS[isFifo(inputQueueUrl) ? 'ordered' : 'standard'];
  const { done, left } = await relay.sweep(Date.now() - leftSeconds * 1_000, mayContinue);
  if (done > 0) powertools.warn('Rows that were left in the outbox relayed', { rows: done });
  if (left > 0) throw new Error(`${left} rows of the outbox are still to be relayed: the log says why`);
  return { relayed: done };
}

function destinationOf({
  topics,
  inputQueueUrl,
}: Pick<OutboxFunctionEnvironment, 'topics' | 'inputQueueUrl'>): OutboxItemDestination {
  return {
    topics,
    ordered: isFifo(inputQueueUrl),
    queue: new SqsOutputQueue(queues, inputQueueUrl),
  };
}
