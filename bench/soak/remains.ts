import { readFile } from 'node:fs/promises';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { storedOf } from '../../lib/aws/record-item.ts';
import { RECORD_LIST } from '../../lib/core/config/record-table.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
import type { PublishedOutcome, Remains } from '../../test/support/invariant.ts';
import { outcomeEvent, statusOf } from '../../test/support/outcome-event.ts';
import { depthOf } from '../support/burst.ts';
import { takeMessages } from '../support/take-messages.ts';
import { readTrace, type Trace } from './trace.ts';

/** Where to collect the remains of requests. */
export interface Places {
  readonly endpoint: string;
  readonly table: string;
  readonly inputQueueUrl: string;
  readonly outputQueueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** Path of the trace. */
  readonly trace: string;
}

/** Remains of requests, which the invariant checks. */
export interface SoakRemains extends Pick<Remains, 'records' | 'published' | 'deadLetters' | 'waiting'> {
  readonly trace: Trace;
}

/** Collects the remains of requests. */
export async function takeRemains(places: Places): Promise<SoakRemains> {
  const { endpoint } = places;
  const { waiting, running } = await depthOf(localClients(endpoint).sqs, places.inputQueueUrl);
  return {
    records: await readRecords(endpoint, places.table),
    published: await takePublished(endpoint, places.outputQueueUrl),
    deadLetters: await takeDeadLetters(endpoint, places.deadLetterQueueUrl),
    waiting: waiting + running,
    trace: readTrace(await readFile(places.trace, 'utf8')),
  };
}

async function readRecords(endpoint: string, table: string): Promise<RequestRecord[]> {
  const client = new DynamoDBClient(localConfig(endpoint));
  const records: RequestRecord[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    // The table also holds idempotency keys and load figures.
    records.push(...Items.filter((item) => RECORD_LIST in item).map((item) => storedOf(item).record));
  }
  return records;
}

async function takePublished(endpoint: string, queueUrl: string): Promise<PublishedOutcome[]> {
  const messages = await takeMessages(localClients(endpoint).sqs, queueUrl);
  return messages.map(({ Body: body = '' }) => {
    const event = outcomeEvent({ body });
    const { data } = event;
    const published = { requestId: event.subject, id: event.id, status: statusOf(event), text: body };
    return hasAttempt(data) ? { ...published, attempt: data.attempt } : published;
  });
}

/** @returns the ids of the messages' requests */
async function takeDeadLetters(endpoint: string, queueUrl: string): Promise<string[]> {
  const messages = await takeMessages(localClients(endpoint).sqs, queueUrl);
  return messages.flatMap(({ MessageId: id = '', Body: body = '', MessageAttributes = {} }) => {
    const texts = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [
      name,
      StringValue,
    ]);
    const attributes = Object.fromEntries(texts);
    const delivery = { id, body, attributes, deliveryCount: 1, sentAt: 0, firstDeliveredAt: 0, receipt: '' };
    return decode(delivery, { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default }).map((each) => each.id);
  });
}

/** A problem has `attempts`; a result of the soak's handler has `attempt`. */
function hasAttempt(data: unknown): data is { readonly attempt: number } {
  return typeof data === 'object' && data !== null && 'attempt' in data && typeof data.attempt === 'number';
}
