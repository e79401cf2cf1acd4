import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbWebhookEndpoints } from '../../lib/aws/dynamodb-webhook-endpoints.ts';
import { EventBridgeBus } from '../../lib/aws/eventbridge-bus.ts';
import { putEventsBy } from '../../lib/aws/eventbridge-client.ts';
import { itemOf, storedOf, webhookItemOf } from '../../lib/aws/record-item.ts';
import { S3ClientTransfers } from '../../lib/aws/s3-client-transfers.ts';
import { SchedulerDelayedMessages } from '../../lib/aws/scheduler-delayed-messages.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { SqsWebhookQueue } from '../../lib/aws/sqs-webhook-queue.ts';
import { readOutcome as readReceived } from '../../lib/consumer/outcome.ts';
import type { OutputFormat } from '../../lib/core/config/settings.ts';
import { FailureEventPublisher } from '../../lib/core/engine/failure-event-publisher.ts';
import type { Outcome } from '../../lib/core/model/outcome.ts';
import { outcomeId } from '../../lib/core/model/outcome.ts';
import { parseOutcome, serializeOutcome } from '../../lib/core/model/outcome-json.ts';
import { requestIdOfUpload } from '../../lib/core/model/request-id.ts';
import { ticketKey, ticketOf } from '../../lib/core/model/upload-key.ts';
import type { WebhookEndpoint } from '../../lib/core/model/webhook-endpoint.ts';
import { endpointSecret } from '../../lib/core/webhooks/endpoint-secrets.ts';
import {
  decodeWebhook,
  encodeWebhook,
  progressWebhookOf,
  webhookOf,
} from '../../lib/core/webhooks/message.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { encodeDeadLetter } from '../../lib/core/wire/encode-dead-letter.ts';
import { encodeOutcome } from '../../lib/core/wire/encode-outcome.ts';
import {
  decodePauseMessage,
  encodePauseMessage,
  type PauseMessage,
} from '../../lib/core/wire/pause-message.ts';
import { encodeRelayed, type RelayedContent } from '../../lib/core/wire/relayed-message.ts';
import { encodeSubmission } from '../../lib/core/wire/submission.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { delivery } from '../support/delivery.ts';
import { capture } from './captured.ts';
import { keyUse, outcomes, records, submission, ticket } from './samples.ts';

/** A stored or sent format. */
export interface Format {
  /** What is written of samples, by their names. */
  readonly write: () => Promise<Readonly<Record<string, unknown>>>;
  /** What is read of one; absent where only others read it. @param written of JSON */
  // biome-ignore lint/suspicious/noExplicitAny: a file's JSON, which the format knows
  readonly read?: (written: any) => unknown;
  /** Whether it may never be written another way: names that an older version looks for. */
  readonly isFixed?: boolean;
}

const LIMITS = { maxJsonDepth: 128 };
const QUEUE = 'https://sqs.example.com/queue';
const CALLBACK = 'https://hooks.example.com/coatcheck';
const CLIENT = { region: 'us-east-1', credentials: { accessKeyId: 'none', secretAccessKey: 'none' } };

const submissions = {
  json: { ...submission, payload: { bytes: Buffer.from('{"x":6}') } },
  binary: {
    ...submission,
    contentType: 'application/octet-stream',
    payload: { bytes: Buffer.from([0, 255]) },
  },
  stored: {
    ...submission,
    payload: { check: { bucket: 'payloads', key: 'payloads/1', versionId: 'v' }, size: 5_000_000 },
  },
};

const webhooks = {
  succeeded: webhookOf(outcome('json'), { url: CALLBACK }, 'service'),
  failed: { ...webhookOf(outcome('failed'), { url: CALLBACK }, 'service'), attempt: 7 },
  progress: progressWebhookOf(
    { ...ticket, traceparent: undefined },
    { fraction: 0.5, note: 'half <of it>' },
    1_795_867_200_000,
    { url: CALLBACK },
    'service',
  ),
  endpoint: webhookOf(outcome('json'), { url: CALLBACK, endpoint: 'endpoint-1' }, 'service'),
};

const endpoints: readonly WebhookEndpoint[] = [
  {
    id: 'endpoint-1',
    url: CALLBACK,
    events: ['failed', 'progress'],
    topics: ['images.*'],
    description: 'of the tests',
    createdAt: 1_795_867_200_000,
    status: 'disabled',
    failingSince: 1_795_867_200_001,
    lastError: 'the receiver answered 410',
    generation: 2,
    previousUntil: 1_795_867_200_002,
  },
  { id: 'endpoint-2', url: CALLBACK, createdAt: 0, status: 'enabled', generation: 1 },
];

const relayed: Readonly<Record<string, RelayedContent>> = {
  text: {
    id: 'orders:0:15:1795867200000',
    body: '{"x":6}',
    attributes: { Tenant: 'acme', priority: '0.5' },
  },
  bytes: {
    id: 'message-1',
    body: '',
    bytes: Uint8Array.of(0, 255),
    attributes: {},
  },
  event: {
    id: 'message-2',
    body: '{"x":6}',
    attributes: {},
    cloudEvent: { specversion: '1.0', id: 'e-1', source: '/orders', type: 'order', note: undefined },
  },
};

const pauses: Readonly<Record<string, PauseMessage>> = {
  pause: { type: 'pause', seconds: 60, reason: "the model can't be reached" },
  resume: { type: 'resume' },
  resumeOfPause: { type: 'resume', pauseId: 'message-1' },
  operatorPause: { type: 'operator-pause', since: 1_795_867_200_000 },
  operatorPauseEnded: { type: 'operator-pause' },
  operatorPauseOver: { type: 'operator-pause-over', since: 1_795_867_200_000 },
};

const deadLetter = {
  requestId: 'message-1',
  code: 'attempts_exhausted',
  detail: 'attempt 5 threw TypeError: x is undefined',
  attempts: 5,
  submittedAt: 1_795_867_200_000,
  redrives: 1,
};

/** Every format that is stored or sent, by its name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  'record-item': {
    write: async () =>
      mapped(records, (stored) => ({
        ...itemOf(stored),
        ...(stored.record.webhook && webhookItemOf(stored.record.webhook)),
      })),
    read: storedOf,
  },
  'outcome-left-behind': {
    write: async () => mapped(outcomes, serializeOutcome),
    read: parseOutcome,
  },
  'outcome-cloudevents': { write: () => sentOutcomes('cloudevents'), read: readCloudEvent },
  'outcome-raw': { write: () => sentOutcomes('raw') },
  'dead-letter': {
    write: async () => {
      const client = new SQSClient(CLIENT);
      const inputs = capture(client);
      const queue = new SqsOutputQueue(client, QUEUE);
      await queue.send([
        encodeDeadLetter(
          delivery('{"x":6}', { attributes: { Tenant: 'acme' }, group: 'acme' }),
          deadLetter,
          queue,
        ),
      ]);
      return { attempts: inputs[0] };
    },
    read: ({ Entries: [{ MessageBody, MessageAttributes }] }) =>
      decode(delivery(MessageBody, { attributes: textsIn(MessageAttributes) }), LIMITS),
  },
  'relayed-message': {
    write: async () => mapped(relayed, encodeRelayed),
    read: (text) => decode(delivery(text), LIMITS),
  },
  'failure-event': {
    write: async () => {
      const client = new EventBridgeClient(CLIENT);
      const inputs = capture(client);
      const events = new FailureEventPublisher(new EventBridgeBus(putEventsBy(client), 'bus'), {
        serviceName: 'service',
        random: () => 0,
        logger: new CollectingLogger(),
      });
      events.add(outcome('failed'));
      await events.flush(AbortSignal.timeout(1));
      return { failed: inputs[0] };
    },
  },
  'webhook-message': {
    write: async () => {
      const client = new SQSClient(CLIENT);
      const inputs = capture(client);
      const queue = new SqsWebhookQueue(client, QUEUE);
      for (const webhook of Object.values(webhooks)) {
        await queue.send(encodeWebhook(webhook), 'hooks.example.com', 5);
      }
      return named(webhooks, inputs);
    },
    read: ({ MessageBody }) => decodeWebhook(MessageBody),
  },
  'webhook-schedule': {
    write: async () => {
      const client = new SchedulerClient(CLIENT);
      const inputs = capture(client);
      const target = {
        scheduleGroup: 'group',
        scheduleRole: 'role',
        queueArn: 'queue',
        deadLetterQueueArn: 'dlq',
      };
      const message = encodeWebhook(webhooks.progress);
      await new SchedulerDelayedMessages(client, target).schedule('name', message, 1_795_867_200_001);
      return { progress: inputs[0] };
    },
    read: ({ Target }) => decodeWebhook(Target.Input),
  },
  'webhook-endpoints': {
    write: async () => {
      const client = new DynamoDBClient(CLIENT);
      const inputs = capture(client);
      const store = new DynamoDbWebhookEndpoints(client, 'table');
      await store.write('acme', { endpoints, revision: 1 });
      await store.write(undefined, { endpoints: [], revision: 2 });
      return named(
        { ofTenant: 0, ofNobody: 0 },
        inputs.map((input) => ('Item' in input ? withoutWriteId(input.Item) : undefined)),
      );
    },
    read: (Item) => {
      const client = new DynamoDBClient(CLIENT);
      capture(client, { Item });
      return new DynamoDbWebhookEndpoints(client, 'table').read('acme');
    },
  },
  'pause-message': {
    write: async () => mapped(pauses, encodePauseMessage),
    read: decodePauseMessage,
  },
  'submission-message': {
    write: async () => {
      const client = new SQSClient(CLIENT);
      const inputs = capture(client);
      const queue = new SqsSubmissionQueue(client, QUEUE);
      for (const each of Object.values(submissions))
        await queue.send(encodeSubmission(each, LIMITS), each.tenant);
      return named(submissions, inputs);
    },
    read: ({ MessageBody }) => decode(delivery(MessageBody), LIMITS),
  },
  'idempotency-key': {
    write: async () => {
      const client = new DynamoDBClient(CLIENT);
      const inputs = capture(client);
      const keys = new DynamoDbIdempotencyKeys(client, 'table');
      await keys.take('acme', 'key', keyUse);
      await keys.take(undefined, 'key', keyUse);
      return named(
        { ofTenant: 0, ofNobody: 0 },
        inputs.map((input) => ('Item' in input ? input.Item : undefined)),
      );
    },
    read: (Item) => {
      const client = new DynamoDBClient(CLIENT);
      capture(client, { Item });
      return new DynamoDbIdempotencyKeys(client, 'table').find('acme', 'key', keyUse.usedAt);
    },
  },
  'ticketed-upload': {
    write: async () => {
      const client = new S3Client(CLIENT);
      const inputs = capture(client, { UploadId: 'upload' });
      const transfers = new S3ClientTransfers(client, 'payloads');
      const upload = {
        key: ticketKey('requests/', ticket),
        contentType: 'text/csv',
        metadata: { customer: '17', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      };
      await transfers.beginParts(upload);
      return { parts: inputs[0] };
    },
    read: ({ Key }) => ticketOf(Key),
  },
  names: {
    write: async () => ({
      succeeded: outcomeId(outcome('json')),
      failed: outcomeId(outcome('failed')),
      redriven: outcomeId(outcome('redriven')),
      ofCloudEvent: outcomeId(outcome('ofCloudEvent')),
      upload: requestIdOfUpload({ bucket: 'payloads', key: 'requests/ä b.csv', version: 'v' }),
      ticket: ticketKey('requests/', ticket),
      ticketOfNobody: ticketKey('requests/', { id: ticket.id }),
      webhook: webhookOf(outcome('json'), { url: CALLBACK }, 'service').id,
      webhookOfEndpoint: webhooks.endpoint.id,
      secretOfEndpoint: endpointSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'endpoint-1', 2),
    }),
    isFixed: true,
  },
};

async function sentOutcomes(outputFormat: OutputFormat) {
  const client = new SQSClient(CLIENT);
  const inputs = capture(client);
  const queue = new SqsOutputQueue(client, QUEUE);
  const written = mapped(outcomes, (each) => encodeOutcome(each, { outputFormat, serviceName: 'service' }));
  const messages = Object.values(written).filter((message) => message !== undefined);
  await queue.send(messages);
  const [{ Entries = [] }] = inputs as [{ Entries?: readonly { MessageBody: string }[] }];
  return mapped(written, (message) => Entries.find(({ MessageBody }) => MessageBody === message?.body));
}

async function readCloudEvent({ MessageBody }: { readonly MessageBody: string }) {
  const outcome = readReceived(MessageBody, { open: async () => new Blob([]).stream() });
  if (outcome.status !== 'succeeded') return outcome;
  const { contentType, reference } = outcome.result;
  return { ...outcome, result: { contentType, reference, bytes: await outcome.result.bytes() } };
}

/** Message attributes as an event source's function is given them. */
function textsIn(attributes: Readonly<Record<string, { readonly StringValue: string }>>) {
  return mapped(attributes, ({ StringValue }) => StringValue);
}

function outcome(name: string): Outcome {
  const found = outcomes[name];
  if (!found) throw new Error(`no sample of an outcome is called ${name}`);
  return found;
}

function mapped<Value, Result>(values: Readonly<Record<string, Value>>, of: (value: Value) => Result) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, of(value)]));
}

/** The id of a write is random. */
function withoutWriteId(item: unknown): object {
  return Object.fromEntries(Object.entries(item ?? {}).filter(([name]) => name !== 'writeId'));
}

/** Values by the names of the samples they are of, in their order. */
function named(samples: object, values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(Object.keys(samples).map((name, index) => [name, values[index]]));
}
