import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { InProcessTable } from './in-process-table.ts';

/** The parts of an HTTP request that identify an AWS call. */
export interface AwsRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly path: string;
  readonly body?: unknown;
}

/** The answer of AWS to an {@link AwsRequest}. */
export interface AwsResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array | Readable;
}

/** `SQS SendMessageBatch` */
export type Operation = `${'SQS' | 'SNS' | 'EventBridge' | 'S3' | 'DynamoDB'} ${string}`;

/** Options of {@link InProcessAws}. */
export interface InProcessContents {
  /** Content of every S3 object. @default - empty */
  readonly object?: Uint8Array;
  /** @default - a table that accepts and forgets every write, and is always empty */
  readonly table?: InProcessTable;
}

/** A simulated SQS, SNS, EventBridge, S3 and DynamoDB in this process, which answer at once and count calls. */
export class InProcessAws {
  /** Calls by operation; rejected ones are counted separately. */
  readonly calls = new Map<Operation, number>();
  /** Messages that were sent individually, and not received yet. */
  readonly messages: string[] = [];
  readonly object: Uint8Array;
  readonly table: InProcessTable | undefined;
  readonly queues: SQSClient;
  readonly topics: SNSClient;
  readonly events: EventBridgeClient;
  readonly payloads: S3Client;
  readonly records: DynamoDBClient;

  constructor({ object = new Uint8Array(), table }: InProcessContents = {}) {
    this.object = object;
    this.table = table;
    const config = {
      region: 'us-east-1',
      credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
      requestHandler: { handle: async (request: AwsRequest) => ({ response: this.answer(request) }) },
    };
    this.queues = new SQSClient(config);
    this.topics = new SNSClient(config);
    this.events = new EventBridgeClient(config);
    this.payloads = new S3Client(config);
    this.records = new DynamoDBClient(config);
  }

  /** Counts and answers a call. @throws Error for an operation that it doesn't know */
  answer(request: AwsRequest): AwsResponse {
    const operation = operationOf(request);
    if (this.table && operation.startsWith('DynamoDB'))
      return this.#tableAnswer(operation, request, this.table);
    this.#count(operation);
    switch (operation) {
      case 'SQS SendMessage':
        return json(this.#send(request));
      case 'SQS SendMessageBatch':
        return json(sent(request));
      case 'SNS PublishBatch':
        return xml(published(request));
      case 'EventBridge PutEvents':
        return json(put(request));
      case 'SQS GetQueueAttributes':
        return json({ Attributes: EMPTY_QUEUE });
      case 'DynamoDB BatchExecuteStatement':
        return json(executed(request));
      case 'DynamoDB PutItem':
      case 'DynamoDB UpdateItem':
        return json({});
      case 'DynamoDB TransactWriteItems':
        return json({});
      case 'DynamoDB BatchWriteItem':
        return json({ UnprocessedItems: {} });
      case 'DynamoDB BatchGetItem':
        return json({ Responses: {}, UnprocessedKeys: {} });
      case 'SQS ChangeMessageVisibilityBatch':
        return json({ Successful: [] });
      case 'S3 GetObject':
        return this.#objectAnswer();
      case 'S3 PutObject':
        return { statusCode: 200, headers: { etag: '"etag"', 'x-amz-version-id': 'version' } };
      case 'S3 CreateMultipartUpload':
        return xml(
          '<InitiateMultipartUploadResult><UploadId>upload</UploadId></InitiateMultipartUploadResult>',
        );
      case 'S3 UploadPart':
        return { statusCode: 200, headers: { etag: '"etag"' } };
      case 'S3 CompleteMultipartUpload':
        return xml('<CompleteMultipartUploadResult><ETag>"etag"</ETag></CompleteMultipartUploadResult>');
      default:
        throw new Error(`no answer to ${operation}`);
    }
  }

  #count(operation: Operation): void {
    this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
  }

  #tableAnswer(operation: Operation, request: AwsRequest, table: InProcessTable): AwsResponse {
    const answer = table.answer(operation.replace('DynamoDB ', ''), JSON.parse(textOf(request)));
    const isRefusal = 'refused' in answer;
    this.#count(isRefusal ? `${operation} refused` : operation);
    if (!isRefusal) return json(answer);
    return { ...json({ __type: 'ConditionalCheckFailedException', Item: answer.refused }), statusCode: 400 };
  }

  #send(request: AwsRequest): unknown {
    const { MessageBody }: { MessageBody: string } = JSON.parse(textOf(request));
    this.messages.push(MessageBody);
    return { MessageId: String(this.messages.length), MD5OfMessageBody: md5(MessageBody) };
  }

  #objectAnswer(): AwsResponse {
    const headers = { 'content-length': String(this.object.byteLength), 'content-type': 'application/json' };
    return { statusCode: 200, headers, body: Readable.from([this.object], { objectMode: false }) };
  }
}

/** As SQS says it: in text. */
const EMPTY_QUEUE = {
  ApproximateNumberOfMessages: '0',
  ApproximateNumberOfMessagesNotVisible: '0',
  ApproximateNumberOfMessagesDelayed: '0',
};

/** The type of a call in AWS's query protocol. */
const FORM = 'application/x-www-form-urlencoded';

function operationOf(request: AwsRequest): Operation {
  const { method, headers, query = {} } = request;
  const target = headers['x-amz-target'];
  if (target !== undefined) return operationAt(target);
  switch (method) {
    case 'GET':
      return 'S3 GetObject';
    case 'HEAD':
      return 'S3 HeadObject';
    case 'POST':
      if (headers['content-type'] === FORM)
        return `SNS ${new URLSearchParams(textOf(request)).get('Action')}`;
      return 'uploads' in query ? 'S3 CreateMultipartUpload' : 'S3 CompleteMultipartUpload';
    case 'PUT':
      if ('x-amz-copy-source' in headers) return 'S3 CopyObject';
      return 'partNumber' in query ? 'S3 UploadPart' : 'S3 PutObject';
    default:
      return `S3 ${method}`;
  }
}

/** `AmazonSQS.SendMessageBatch`, `DynamoDB_20120810.PutItem` */
function operationAt(target: string): Operation {
  const [service = '', name = ''] = target.split('.');
  if (service === 'AWSEvents') return `EventBridge ${name}`;
  return `${service.startsWith('DynamoDB') ? 'DynamoDB' : 'SQS'} ${name}`;
}

/** Includes the digests that the SDK verifies. */
function sent(request: AwsRequest): unknown {
  const { Entries }: { Entries: readonly { Id: string; MessageBody: string }[] } = JSON.parse(
    textOf(request),
  );
  return {
    Successful: Entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: md5(MessageBody),
    })),
  };
}

function published(request: AwsRequest): string {
  const form = new URLSearchParams(textOf(request));
  const entries = [...form].flatMap(([name, value]) =>
    /^PublishBatchRequestEntries\.member\.\d+\.Id$/.test(name)
      ? [`<member><Id>${value}</Id><MessageId>${value}</MessageId></member>`]
      : [],
  );
  const result = `<PublishBatchResult><Successful>${entries.join('')}</Successful><Failed/></PublishBatchResult>`;
  return `<PublishBatchResponse>${result}</PublishBatchResponse>`;
}

function put(request: AwsRequest): unknown {
  const { Entries }: { Entries: readonly unknown[] } = JSON.parse(textOf(request));
  return { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: String(index) })) };
}

/** Every statement is a write that succeeds. */
function executed(request: AwsRequest): unknown {
  const { Statements }: { Statements: readonly unknown[] } = JSON.parse(textOf(request));
  return { Responses: Statements.map(() => ({ TableName: 'requests' })) };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function textOf({ body }: AwsRequest): string {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body);
}

function json(value: unknown): AwsResponse {
  return { statusCode: 200, headers: {}, body: Buffer.from(JSON.stringify(value)) };
}

function xml(text: string): AwsResponse {
  return { statusCode: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}
