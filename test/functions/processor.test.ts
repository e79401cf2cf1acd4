import { createHash } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  type LambdaHandler,
  PermanentError,
  type ProcessorRequest,
  processor,
  RetryLater,
} from '../../functions/processor/index.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import { writeEnvironment } from '../../lib/core/config/processor-environment.ts';
import type { RehearsedMessage } from '../../lib/core/model/rehearsal.ts';
import type { RehearsalEvent, RehearsalResponse } from '../../lib/core/model/rehearsal-event.ts';
import { LAMBDA_CONTEXT } from '../support/lambda-context.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import { outcomeEvent } from '../support/outcome-event.ts';
import { executing, readStatement, statementsOf } from '../support/partiql.ts';
import { unregister } from '../support/recorded-spans.ts';
import { s3Event, s3Record } from '../support/s3-records.ts';
import { jsonAnswer, type ReceivedCall, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { engineSettings } from '../support/settings.ts';
import { sqsEvent } from '../support/sqs-event.ts';

let endpoint: ScriptedEndpoint;

/** The queues, the event bus and the table accept everything; the bucket has one object. */
function accept(call: ReceivedCall, response: Parameters<ScriptedEndpoint['script']>[1]): void {
  if (call.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('hello');
    return;
  }
  if (targetOf(call) === 'DynamoDB_20120810.BatchExecuteStatement') {
    executing()(call, response);
    return;
  }
  if (String(targetOf(call)).startsWith('DynamoDB_20120810.')) {
    jsonAnswer(200, {})(call, response);
    return;
  }
  if (targetOf(call) === 'AWSEvents.PutEvents') {
    jsonAnswer(200, { Entries: [{ EventId: 'e-1' }] })(call, response);
    return;
  }
  const entries: { Id: string; MessageBody?: string }[] = JSON.parse(String(call.body)).Entries;
  const Successful = entries.map(({ Id, MessageBody = '' }) => ({
    Id,
    MessageId: Id,
    MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
  }));
  jsonAnswer(200, { Successful, Failed: [] })(call, response);
}

function targetOf({ headers }: ReceivedCall): unknown {
  return headers['x-amz-target'];
}

function callsOf(action: string) {
  const calls = endpoint.calls.filter((call) => targetOf(call) === `AmazonSQS.${action}`);
  return calls.map(({ body }) => JSON.parse(String(body)));
}

function events() {
  const entries = callsOf('SendMessageBatch').flatMap(({ Entries }) => Entries);
  return entries.map(({ MessageBody }) => outcomeEvent({ body: MessageBody }));
}

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(accept).start();
  const environment = writeEnvironment({
    ...engineSettings(),
    outputFormat: 'cloudevents',
    inputQueueUrl: `${endpoint.url}/123456789012/input`,
    highInputQueueUrl: `${endpoint.url}/123456789012/high-input`,
    lowInputQueueUrl: '',
    maxReceives: 133,
    outputQueueUrl: `${endpoint.url}/123456789012/output`,
    outputMaxMessageBytes: 1_048_576,
    outputTopicArn: '',
    deadLetterQueueUrl: `${endpoint.url}/123456789012/dead-letters`,
    payloadBucket: 'payloads',
    requestTable: 'requests',
    webhookQueueUrl: '',
    webhookEndpoints: false,
    pauseQueueUrl: '',
    measureLoad: false,
    frontServiceName: '',
    metrics: false,
    tracing: 'off',
    secretIds: {},
    eventBusArn: '',
  });
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint.url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await endpoint[Symbol.asyncDispose]();
});

test('a handler is a function for an SQS event source', async () => {
  const handler = processor(async (request) => {
    const { x, y } = z.object({ x: z.number(), y: z.number() }).parse(await request.json());
    return { product: x * y };
  });
  const event = sqsEvent({ id: 'm-1', body: '{"x":6,"y":7}', attributes: { RequestId: 'r-1' } });
  expect(await handler(event, LAMBDA_CONTEXT)).toEqual({ batchItemFailures: [] });
  expect(callsOf('SendMessageBatch')).toMatchObject([{ QueueUrl: `${endpoint.url}/123456789012/output` }]);
  expect(events()).toMatchObject([
    {
      type: 'coatcheck.request.succeeded',
      source: '/coatcheck/service',
      subject: 'r-1',
      data: { product: 42 },
    },
  ]);
});

test('a rehearsal runs the handler, and calls nothing but what it reads', async () => {
  const seen: boolean[] = [];
  const handler = processor(async (request) => {
    seen.push(request.isRehearsal);
    await request.checkpoint('half');
    if ((await request.text()) !== 'hello') throw new PermanentError('Not a greeting', { code: 'rude' });
    return 'x'.repeat(500_000);
  });
  const invoke: (event: RehearsalEvent, context: Context) => Promise<RehearsalResponse> =
    Object.assign(handler);
  const upload = s3Event(s3Record({ key: 'requests/a', versionId: 'v1', size: 5 }));
  const messages: RehearsedMessage[] = [
    { id: 'm-1', body: upload, attributes: {} },
    { id: 'm-2', body: 'no', attributes: { RequestId: 'r-2', DeadLetterRedrives: '0' } },
  ];
  const answer = await invoke({ coatcheck: 'rehearse', messages }, LAMBDA_CONTEXT);
  expect(answer).toMatchObject({
    messages: [
      { messageId: 'm-1', requests: [{ result: 'succeeds' }] },
      {
        messageId: 'm-2',
        requests: [{ id: 'r-2', result: 'fails', code: 'rude', message: 'Not a greeting' }],
      },
    ],
  });
  expect(seen).toEqual([true, true]);
  const calls = endpoint.calls.filter(({ method }) => method !== 'GET');
  expect(calls.flatMap(statementsOf).map(({ Statement }) => Statement.split(' ')[0])).toEqual([
    'SELECT',
    'SELECT',
  ]);
});

test('an upload is read from its bucket, with a path-style URL for a custom endpoint', async () => {
  const handler = processor((request) => request.text());
  const record = s3Record({ key: 'requests/a+b', versionId: 'v1', size: 5 });
  expect(await handler(sqsEvent({ id: 'm-1', body: s3Event(record) }), LAMBDA_CONTEXT)).toEqual({
    batchItemFailures: [],
  });
  expect(events()).toMatchObject([{ data: 'hello' }]);
  expect(endpoint.calls.find(({ method }) => method === 'GET')?.url).toMatch(
    /^\/payloads\/requests\/a%20b\?/,
  );
});

test('a message for redelivery is in the response, and its delay is set', async () => {
  const handler = processor((request) => {
    if (request.id === 'r-1') throw new PermanentError('never');
    if (request.id === 'r-2') throw new RetryLater(77);
  });
  const messages = ['r-1', 'r-2', 'r-3'].map((RequestId) => ({
    id: `m-${RequestId}`,
    body: '',
    attributes: { RequestId },
    sentAt: Date.now(),
  }));
  expect(await handler(sqsEvent(...messages), LAMBDA_CONTEXT)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'm-r-2' }],
  });
  const ends = events().map(({ subject, type }) => [subject, type.split('.').at(-1)]);
  expect(ends.toSorted()).toEqual([
    ['r-1', 'failed'],
    ['r-3', 'succeeded'],
  ]);
  expect(callsOf('ChangeMessageVisibilityBatch')).toEqual([
    {
      QueueUrl: `${endpoint.url}/123456789012/input`,
      Entries: [{ Id: '0', ReceiptHandle: 'receipt of m-r-2', VisibilityTimeout: 77 }],
    },
  ]);
});

test('a message of another queue has its priority, and its delay is set there', async () => {
  const handler = processor(() => {
    throw new RetryLater(77);
  });
  const event = sqsEvent({ id: 'm-1', body: '', attributes: { RequestId: 'r-1' }, sentAt: Date.now() });
  for (const record of event.Records) record.eventSourceARN = 'arn:aws:sqs:us-east-1:123456789012:high-input';
  await handler(event, LAMBDA_CONTEXT);
  expect(callsOf('ChangeMessageVisibilityBatch')).toMatchObject([
    { QueueUrl: `${endpoint.url}/123456789012/high-input`, Entries: [{ VisibilityTimeout: 77 }] },
  ]);
  const writes = endpoint.calls.filter(
    (call) => targetOf(call) === 'DynamoDB_20120810.BatchExecuteStatement',
  );
  const [claimed] = writes.flatMap(statementsOf).map(readStatement);
  expect(JSON.parse(claimed?.set.record?.S ?? '').request).toMatchObject({ id: 'r-1', priority: 'high' });
});

test('a request is claimed before the handler runs and completed after it', async () => {
  let written: number | undefined;
  const writes = () =>
    endpoint.calls.filter((call) => targetOf(call) === 'DynamoDB_20120810.BatchExecuteStatement');
  const handler = processor(() => {
    written = writes().length;
  });
  await handler(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
  expect(written).toBe(1);
  const statements = writes().flatMap(statementsOf).map(readStatement);
  expect(statements.map(({ table }) => table)).toEqual(['requests', 'requests']);
  const items = statements.map(({ set }) => set);
  expect(items.map(({ record }) => JSON.parse(record?.S ?? '').status)).toEqual(['running', 'succeeded']);
  const days = (Number(items[1]?.ttl?.N) - Date.now() / 1000) / 86_400;
  expect(days).toBeCloseTo(30, 2);
});

test('completed work is counted if load measurement is on', async () => {
  const counts = () => endpoint.calls.filter(({ body }) => String(body).includes(':completed'));
  await processor(() => 5)(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
  expect(counts()).toEqual([]);
  vi.stubEnv('COATCHECK_MEASURE_LOAD', 'on');
  await processor(() => 5)(sqsEvent({ id: 'm-2', body: '' }), LAMBDA_CONTEXT);
  expect(counts().map(({ body }) => JSON.parse(String(body)))).toMatchObject([
    { TableName: 'requests', ExpressionAttributeValues: { ':completed': { N: '1' } } },
  ]);
});

test('a batch’s metrics are a line on the standard output if metrics are on', async () => {
  const lines: string[] = [];
  const writing = vi
    .spyOn(process.stdout, 'write')
    .mockImplementation((line) => lines.push(String(line)) > 0);
  await processor(() => 5)(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
  expect(lines).toEqual([]);
  vi.stubEnv('COATCHECK_METRICS', 'on');
  await processor(() => 5)(sqsEvent({ id: 'm-2', body: '' }), LAMBDA_CONTEXT);
  writing.mockRestore();
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      _aws: { CloudWatchMetrics: [{ Namespace: 'Coatcheck', Dimensions: [['service']] }] },
      service: 'service',
      Succeeded: 1,
      BatchSize: 1,
    },
  ]);
});

test('an event bus gets failures, if there is one', async () => {
  const puts = () => endpoint.calls.filter((call) => targetOf(call) === 'AWSEvents.PutEvents');
  const handler = () => {
    throw new PermanentError('never');
  };
  await processor(handler)(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
  expect(puts()).toEqual([]);
  const arn = 'arn:aws:events:us-east-1:123456789012:event-bus/default';
  vi.stubEnv('COATCHECK_EVENT_BUS_ARN', arn);
  await processor(handler)(sqsEvent({ id: 'm-2', body: '' }), LAMBDA_CONTEXT);
  expect(puts().map(({ body }) => JSON.parse(String(body)))).toMatchObject([
    { Entries: [{ EventBusName: arn, Source: 'coatcheck', DetailType: 'coatcheck.request.failed' }] },
  ]);
});

describe('tracing', () => {
  const traceHeader = 'Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1';
  const handler = (request: ProcessorRequest) => request.traceparent ?? 'none';
  let receiver: OtlpReceiver;

  beforeEach(async () => {
    receiver = await new OtlpReceiver().start();
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${receiver.url}/v1/traces`);
    vi.stubEnv(
      '_X_AMZN_TRACE_ID',
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    );
  });
  afterEach(async () => {
    unregister();
    await receiver[Symbol.asyncDispose]();
  });

  test('with X-Ray, a request is in the trace of its sender and links to the invocation', async () => {
    vi.stubEnv('COATCHECK_TRACING', 'xray');
    await processor(handler)(sqsEvent({ id: 'traced', body: '', traceHeader }), LAMBDA_CONTEXT);
    expect(receiver.spans).toMatchObject([
      {
        name: 'process input',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
        links: [{ traceId: '5759e988bd862e3fe1be46a994272793', spanId: '53995c3f42cd8ad8' }],
        attributes: { 'messaging.system': 'aws_sqs', 'coatcheck.request.id': 'traced' },
      },
    ]);
    const [span] = receiver.spans;
    expect(events()).toMatchObject([{ data: `00-0af7651916cd43dd8448eb211c80319c-${span?.spanId}-01` }]);
  });

  test('with X-Ray, a request without a trace is in the trace of the invocation', async () => {
    vi.stubEnv('COATCHECK_TRACING', 'xray');
    await processor(handler)(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
    expect(receiver.spans).toMatchObject([
      { traceId: '5759e988bd862e3fe1be46a994272793', parentSpanId: '53995c3f42cd8ad8', links: [] },
    ]);
  });

  test('with another backend, the trace of X-Ray is ignored', async () => {
    vi.stubEnv('COATCHECK_TRACING', 'otlp');
    await processor(handler)(sqsEvent({ id: 'm-1', body: '', traceHeader }), LAMBDA_CONTEXT);
    expect(receiver.spans).toMatchObject([{ parentSpanId: '', links: [] }]);
  });

  test('a failing backend does not fail a batch', async () => {
    vi.stubEnv('COATCHECK_TRACING', 'otlp');
    receiver.script = (_, response) => void response.writeHead(400).end();
    const answer = await processor(handler)(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
    expect(answer).toEqual({ batchItemFailures: [] });
  });

  test('an invalid endpoint does not fail a batch', async () => {
    vi.stubEnv('COATCHECK_TRACING', 'xray');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'nowhere');
    const answer = await processor(handler)(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
    expect(answer).toEqual({ batchItemFailures: [] });
  });

  test('when tracing is off, nothing is sent', async () => {
    await processor(handler)(sqsEvent({ id: 'm-1', body: '', traceHeader }), LAMBDA_CONTEXT);
    expect(events()).toMatchObject([{ data: 'none' }]);
    expect(receiver.calls).toEqual([]);
  });
});

test('a schema validates the payload before the handler runs', async () => {
  const handler = processor(
    { input: z.object({ x: z.number() }) },
    async (request) => (await request.json()).x + 1,
  );
  await handler(sqsEvent({ id: 'm-1', body: '{"x":1}' }, { id: 'm-2', body: '{"x":"1"}' }), LAMBDA_CONTEXT);
  expect(events().toSorted((a, b) => a.subject.localeCompare(b.subject))).toMatchObject([
    { subject: 'm-1', data: 2 },
    { subject: 'm-2', data: { code: 'input_invalid' } },
  ]);
});

test('the handler has the invocation’s time, less a reserve for an orderly end', async () => {
  const handler = processor((request) => request.deadline?.getTime());
  const before = Date.now();
  await handler(sqsEvent({ id: 'm-1', body: '' }), LAMBDA_CONTEXT);
  const [event] = events();
  expect(Number(event?.data)).toBeGreaterThanOrEqual(before + 54_000);
  expect(Number(event?.data)).toBeLessThanOrEqual(Date.now() + 54_000);
});

test('a warm function handles one batch after another', async () => {
  const handler = processor((request) => request.text());
  for (const id of ['m-1', 'm-2']) await handler(sqsEvent({ id, body: id }), LAMBDA_CONTEXT);
  expect(events().map(({ data }) => data)).toEqual(['m-1', 'm-2']);
});

test('a service without an output queue records its outcomes, and sends nothing', async () => {
  vi.stubEnv('COATCHECK_OUTPUT_QUEUE_URL', 'none');
  expect(await processor(() => 5)(sqsEvent({ id: 'm-1', body: '{}' }), LAMBDA_CONTEXT)).toEqual({
    batchItemFailures: [],
  });
  expect(callsOf('SendMessageBatch')).toEqual([]);
  const statements = endpoint.calls.filter((call) => String(targetOf(call)).startsWith('DynamoDB'));
  expect(String(statements.at(-1)?.body)).toContain('succeeded');
});

test('an empty event is done without a call', async () => {
  expect(await processor(() => 5)(sqsEvent(), LAMBDA_CONTEXT)).toEqual({ batchItemFailures: [] });
  expect(endpoint.calls).toEqual([]);
});

describe('an error says', () => {
  test('which variables are missing, on the first event and not before', async () => {
    const handler = processor(() => 5);
    vi.stubEnv('COATCHECK_OUTPUT_QUEUE_URL', '');
    vi.stubEnv('COATCHECK_CONCURRENCY', 'many');
    const error = await handler(sqsEvent(), LAMBDA_CONTEXT).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toBe(
      "The processor's environment is not usable: COATCHECK_OUTPUT_QUEUE_URL must be set, got nothing; " +
        'COATCHECK_CONCURRENCY must be a whole number of requests from 1 to 400, got "many"',
    );
  });

  test.each([[{}], [{ Records: [{ eventSource: 'aws:s3' }] }], ['hello'], [null]])(
    'that an event is not from an SQS event source: %j',
    async (event) => {
      const handler: (event: unknown, context: Context) => Promise<unknown> = Object.assign(
        processor(() => 5),
      );
      await expect(handler(event, LAMBDA_CONTEXT)).rejects.toThrow(
        'Expected an event of an SQS event source, got ',
      );
    },
  );

  test('that there is no handler', () => {
    const make: (...definition: unknown[]) => LambdaHandler = Object.assign(processor);
    expect(() => make()).toThrow('processor() needs a handler function, got undefined');
    expect(() => make({})).toThrow('processor() needs a handler function, got undefined');
  });
});
