import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DeleteMessageCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { inject } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { sqsClient } from '../../lib/aws/sqs-client.ts';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import { requestIdOfUpload } from '../../lib/core/model/request-id.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { type LocalClients, localClients, localConfig } from '../../lib/local/clients.ts';
import { callerName } from '../support/iam/caller-name.ts';
import type { Behaviour } from './processors/behaviour.ts';
import { stacks } from './stacks.ts';

/** A message of the output queue or the dead-letter queue. */
export interface Received {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A message to send. */
export interface Outgoing {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Members of an outcome's CloudEvent that tests use. */
export interface OutcomeEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly datacontenttype: string;
  readonly data?: unknown;
  readonly dataref?: string;
  readonly requestsource?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** Members of a failure event on EventBridge that tests use. */
export interface BusMessage {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: OutcomeEvent;
}

/** Queues to receive from, by the names of the stack's outputs. */
type ReceivedQueue = 'OutputQueueUrl' | 'DeadLetterQueueUrl' | 'FailureQueueUrl';

/** A call of the HTTP API. */
export interface ApiCall {
  readonly json?: unknown;
  readonly body?: string | FormData | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

/** Members of a request resource that tests use. */
export interface SubmittedRequest {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
}

/** A deployed service, used through S3, SQS and HTTP like by its users. */
export class Service {
  readonly #stack: string;
  readonly #clients = localClients(inject('endpoint'));
  readonly #submitter: LocalClients;
  readonly #records = new DynamoDBClient(localConfig(inject('endpoint')));
  readonly #outputs: Readonly<Record<string, string>>;
  readonly #received = new Map<string, Received[]>();

  /** @param outputs of a stack that isn't one of the app: its roles aren't checked */
  constructor(stack: string, outputs?: Readonly<Record<string, string>>) {
    this.#stack = stack;
    this.#outputs = outputs ?? stacks[stack] ?? {};
    this.#submitter = outputs ? localClients(inject('endpoint')) : this.clientsOf('Submitter');
  }

  /** The name of a role of the stack for `AWS_SDK_UA_APP_ID`. */
  callerName(role: string): string {
    return callerName(`${this.#stack}/${role}`);
  }

  /** Clients whose calls name a role of the stack: rights.test.ts checks that the role may make them. */
  clientsOf(role: string): LocalClients {
    const config = { ...localConfig(inject('endpoint')), userAgentAppId: this.callerName(role) };
    return { s3: new S3Client({ ...config, forcePathStyle: true }), sqs: sqsClient(config) };
  }

  get bucket(): string {
    return this.output('PayloadBucketName');
  }

  get apiUrl(): string {
    return this.output('ApiUrl');
  }

  get outputQueueUrl(): string {
    return this.output('OutputQueueUrl');
  }

  /** Uploads a payload. @returns its request id, and the object's version */
  async upload(
    key: string,
    body: string | Uint8Array,
    contentType = 'application/json',
    contentEncoding?: string,
    metadata?: Readonly<Record<string, string>>,
  ) {
    const { VersionId } = await this.#submitter.s3.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: key,
        Body: Buffer.from(body),
        ContentType: contentType,
        ContentEncoding: contentEncoding,
        Metadata: metadata,
      }),
    );
    const version = VersionId ?? '';
    return { id: requestIdOfUpload({ bucket: this.bucket, key, version }), version };
  }

  async remove(key: string, version: string): Promise<void> {
    await this.#clients.s3.send(
      new DeleteObjectCommand({ Bucket: this.bucket, Key: key, VersionId: version }),
    );
  }

  async object(key: string, version?: string): Promise<string> {
    return (await this.objectBytes(key, version)).toString();
  }

  async objectBytes(key: string, version?: string): Promise<Buffer> {
    const { Body } = await this.#clients.s3.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key, VersionId: version }),
    );
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  /** Calls the HTTP API. */
  call(method: string, path: string, { json, ...init }: ApiCall = {}): Promise<Response> {
    const headers =
      json === undefined ? init.headers : { 'Content-Type': 'application/json', ...init.headers };
    const body = json === undefined ? init.body : JSON.stringify(json);
    return fetch(this.apiUrl + path, { method, redirect: 'manual', ...init, headers, body });
  }

  /** Submits a behaviour by HTTP, and waits for its end if `headers` ask for it. */
  async submit(behaviour: Behaviour, headers: Record<string, string> = {}): Promise<SubmittedRequest> {
    const response = await this.call('POST', '/v1/requests', { json: behaviour, headers });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as SubmittedRequest;
  }

  /** An item of the table of request records, by its key. */
  async item(key: string) {
    const Key = { [RECORD_KEY]: { S: key } };
    const TableName = this.output('RequestTableName');
    const { Item } = await this.#records.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return Item;
  }

  /** Gets a request. */
  record(id: string): Promise<RequestRecord | undefined> {
    const store = new DynamoDbRecordStore(this.#records, this.output('RequestTableName'));
    return new RequestRecords(store, Date.now, NUMBER_SETTINGS.recordAgeDays.default).find({
      id,
      source: '',
    });
  }

  /** Sends messages to the input queue in one call. */
  async send(...messages: readonly Outgoing[]): Promise<void> {
    const { Failed } = await this.#submitter.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: this.output('InputQueueUrl'),
        Entries: messages.map(({ body, attributes }, index) => ({
          Id: String(index),
          MessageBody: body,
          MessageAttributes: sqsAttributes(attributes),
        })),
      }),
    );
    if (Failed?.length) throw new Error(`not sent: ${JSON.stringify(Failed)}`);
  }

  /** Publishes a message to the input queue's topic. @returns the message id */
  async publish(message: string): Promise<string> {
    const call = {
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: this.output('TopicArn'),
      Message: message,
    };
    const response = await fetch(inject('endpoint'), { method: 'POST', body: new URLSearchParams(call) });
    const [, id] = /<MessageId>(.*)<\/MessageId>/.exec(await response.text()) ?? [];
    if (id === undefined) throw new Error(`not published: ${response.status}`);
    return id;
  }

  /** Sends a behaviour under a request id. */
  ask(id: string, behaviour: Behaviour): Outgoing {
    return { body: JSON.stringify(behaviour), attributes: { RequestId: id } };
  }

  /** Waits for `count` outcome events of a request, also of one outcome that is published again. */
  async events(requestId: string, count = 1): Promise<OutcomeEvent[]> {
    const messages = await this.#receive(
      'OutputQueueUrl',
      count,
      ({ body }) => subjectOf(body) === requestId,
    );
    return messages.map(({ body }) => JSON.parse(body));
  }

  /** Waits for `count` outcomes of a request, each once however often it is published. */
  async outcomes(requestId: string, count: number): Promise<OutcomeEvent[]> {
    for (let published = count; ; published++) {
      const outcomes = new Map((await this.events(requestId, published)).map((event) => [event.id, event]));
      if (outcomes.size >= count) return [...outcomes.values()];
    }
  }

  async event(requestId: string): Promise<OutcomeEvent> {
    const [event] = await this.events(requestId);
    if (!event) throw new Error(`no outcome of ${requestId}`);
    return event;
  }

  /** Waits for `count` matching output messages. */
  outputs(count: number, matches: (message: Received) => boolean): Promise<Received[]> {
    return this.#receive('OutputQueueUrl', count, matches);
  }

  /** Waits for `count` matching dead letters. */
  deadLetters(count: number, matches: (message: Received) => boolean): Promise<Received[]> {
    return this.#receive('DeadLetterQueueUrl', count, matches);
  }

  /** Waits for a request's failure event on the bus. */
  async busMessage(requestId: string): Promise<BusMessage> {
    const messages = await this.#receive(
      'FailureQueueUrl',
      1,
      ({ body }) => JSON.parse(body).detail.subject === requestId,
    );
    return JSON.parse(messages[0]?.body ?? '');
  }

  /** All messages received from a queue so far. */
  receivedFrom(output: ReceivedQueue): readonly Received[] {
    return this.#received.get(output) ?? [];
  }

  async #receive(
    output: ReceivedQueue,
    count: number,
    matches: (message: Received) => boolean,
  ): Promise<Received[]> {
    const received = this.#received.get(output) ?? [];
    this.#received.set(output, received);
    while (received.filter(matches).length < count) received.push(...(await this.#poll(this.output(output))));
    return received.filter(matches);
  }

  async #poll(queueUrl: string): Promise<Received[]> {
    const { Messages = [] } = await this.#clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 2,
        MessageAttributeNames: ['All'],
      }),
    );
    await Promise.all(
      Messages.map(({ ReceiptHandle }) =>
        this.#clients.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle })),
      ),
    );
    return Messages.map(receivedOf);
  }

  /** An output of the stack. */
  output(name: string): string {
    const value = this.#outputs[name];
    if (!value) throw new Error(`the stack has no output ${name}`);
    return value;
  }
}

function receivedOf({ Body = '', MessageAttributes = {} }: Message): Received {
  const attributes = Object.entries(MessageAttributes);
  return {
    body: Body,
    attributes: Object.fromEntries(attributes.map(([name, { StringValue = '' }]) => [name, StringValue])),
  };
}

function sqsAttributes(attributes: Outgoing['attributes'] = {}): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

function subjectOf(body: string): unknown {
  return JSON.parse(body).subject;
}
