import { createHash } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let endpoint: ScriptedEndpoint;
let queue: SqsOutputQueue;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(500, {})).start();
  queue = new SqsOutputQueue(
    new SQSClient(clientConfig(endpoint.url)),
    `${endpoint.url}/000000000000/output`,
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function message(body: string, attributes: OutputMessage['attributes'] = {}): OutputMessage {
  return { body, attributes };
}

function sent(id: string, body: string) {
  return { Id: id, MessageId: `m-${id}`, MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
}

test('messages share one call, with their positions as ids', async () => {
  endpoint.script = jsonAnswer(200, { Successful: [sent('0', 'a'), sent('1', 'a')], Failed: [] });
  const attributes = {
    RequestId: { type: 'String', value: 'r-1' },
    Size: { type: 'Number', value: '5' },
  } as const;
  expect(await queue.send([message('a'), message('a', attributes)])).toEqual([
    { sent: true },
    { sent: true },
  ]);
  expect(endpoint.calls).toHaveLength(1);
  expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('AmazonSQS.SendMessageBatch');
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
    QueueUrl: `${endpoint.url}/000000000000/output`,
    Entries: [
      { Id: '0', MessageBody: 'a', MessageAttributes: {} },
      {
        Id: '1',
        MessageBody: 'a',
        MessageAttributes: {
          RequestId: { DataType: 'String', StringValue: 'r-1' },
          Size: { DataType: 'Number', StringValue: '5' },
        },
      },
    ],
  });
});

test('a FIFO queue gets the group and the name of each message, and of one without them a group of its own', async () => {
  endpoint.script = jsonAnswer(200, { Successful: [sent('0', 'a'), sent('1', 'b')], Failed: [] });
  const fifo = new SqsOutputQueue(
    new SQSClient(clientConfig(endpoint.url)),
    `${endpoint.url}/000000000000/output.fifo`,
  );
  await fifo.send([{ ...message('a'), group: 'g', deduplicationId: 'd' }, message('b')]);
  const { Entries } = JSON.parse(String(endpoint.calls[0]?.body));
  expect(Entries).toMatchObject([
    { Id: '0', MessageGroupId: 'g', MessageDeduplicationId: 'd' },
    { Id: '1', MessageDeduplicationId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  ]);
  expect(Entries[1].MessageGroupId).toBe(Entries[1].MessageDeduplicationId);
  // The next message of a group is published after this one.
  expect([queue.lingerMilliseconds, fifo.lingerMilliseconds]).toEqual([1_000, 0]);
});

test('a standard queue gets no deduplication id, which SQS would refuse', async () => {
  endpoint.script = jsonAnswer(200, { Successful: [sent('0', 'a')], Failed: [] });
  await queue.send([{ ...message('a'), group: 'g', deduplicationId: 'd' }]);
  expect(JSON.parse(String(endpoint.calls[0]?.body)).Entries).toEqual([
    { Id: '0', MessageBody: 'a', MessageAttributes: {}, MessageGroupId: 'g' },
  ]);
});

test('what SQS can not hold is refused without a call, and the others are sent', async () => {
  endpoint.script = jsonAnswer(200, { Successful: [sent('0', 'a')], Failed: [] });
  const results = await queue.send([
    { body: '', bytes: new Uint8Array([0xff]), attributes: {} },
    message('a'),
    { body: '1', attributes: {}, cloudEvent: { specversion: '1.0', id: 'a', source: '/s', type: 't' } },
  ]);
  expect(results).toEqual([
    { sent: false, refused: true, reason: 'RangeError: SQS takes only text bodies' },
    { sent: true },
    { sent: false, refused: true, reason: "RangeError: SQS doesn't take CloudEvents in binary mode" },
  ]);
  expect(endpoint.calls).toHaveLength(1);
});

test('each result is at the position of its message, whatever the order of the answer', async () => {
  endpoint.script = jsonAnswer(200, {
    Successful: [sent('2', 'c')],
    Failed: [
      { Id: '3', SenderFault: true, Code: 'InvalidMessageContents', Message: 'no such character' },
      { Id: '0', SenderFault: false, Code: 'InternalError' },
    ],
  });
  expect(await queue.send(['a', 'b', 'c', 'd'].map((body) => message(body)))).toEqual([
    { sent: false, refused: false, reason: 'InternalError: ' },
    { sent: false, refused: false, reason: 'the response omits the entry' },
    { sent: true },
    { sent: false, refused: true, reason: 'InvalidMessageContents: no such character' },
  ]);
});

test.each([
  'RequestThrottled',
  'ThrottlingException',
  'KmsThrottled',
  'KMS.ThrottlingException',
  'KmsAccessDenied',
  'KMS.DisabledException',
  'KmsInvalidState',
  'AccessDenied',
  'InvalidSecurity',
  'OverLimit',
  'QueueDoesNotExist',
])('A3: an entry that fails with %s is not refused for its own fault, even if SQS says so', async (Code) => {
  endpoint.script = jsonAnswer(200, { Successful: [], Failed: [{ Id: '0', SenderFault: true, Code }] });
  expect(await queue.send([message('a')])).toEqual([{ sent: false, refused: false, reason: `${Code}: ` }]);
});

test.each(['InvalidMessageContents', 'InvalidParameterValue', 'MessageTooLong'])(
  'A3: an entry that fails with %s is refused for its own fault',
  async (Code) => {
    endpoint.script = jsonAnswer(200, { Successful: [], Failed: [{ Id: '0', SenderFault: true, Code }] });
    expect(await queue.send([message('a')])).toEqual([{ sent: false, refused: true, reason: `${Code}: ` }]);
  },
);

test.each([
  [400, 'com.amazonaws.sqs#QueueDoesNotExist', 'QueueDoesNotExist'],
  [403, 'AccessDeniedException', 'AccessDeniedException'],
  [500, 'InternalFailure', 'InternalFailure'],
])('a call that SQS refuses with %i %s rejects', async (status, type, name) => {
  endpoint.script = jsonAnswer(status, { __type: type, message: 'no' });
  await expect(queue.send([message('a')])).rejects.toMatchObject({ name });
});

test('A3: a call that SQS refuses because of one message is repeated with each message alone', async () => {
  endpoint.script = (call, response) => {
    const { Entries } = JSON.parse(String(call.body));
    const isTooLong = Entries.some((entry: { MessageBody: string }) => entry.MessageBody === 'long');
    if (isTooLong) {
      return jsonAnswer(400, { __type: 'com.amazonaws.sqs#BatchRequestTooLong', message: 'too long' })(
        call,
        response,
      );
    }
    return jsonAnswer(200, { Successful: [sent('0', Entries[0].MessageBody)], Failed: [] })(call, response);
  };
  expect(await queue.send(['a', 'long', 'b'].map((body) => message(body)))).toEqual([
    { sent: true },
    { sent: false, refused: true, reason: 'BatchRequestTooLong: too long' },
    { sent: true },
  ]);
  expect(endpoint.calls).toHaveLength(4);
});

test('attributes keep their types, including bytes', async () => {
  endpoint.script = jsonAnswer(200, { Successful: [sent('0', 'a')], Failed: [] });
  const attributes = {
    Digest: { type: 'Binary', value: Buffer.from([0, 255]) },
    Size: { type: 'Number.bytes', value: '5' },
  };
  await queue.send([message('a', attributes)]).catch(() => {});
  expect(JSON.parse(String(endpoint.calls[0]?.body)).Entries[0].MessageAttributes).toEqual({
    Digest: { DataType: 'Binary', BinaryValue: 'AP8=' },
    Size: { DataType: 'Number.bytes', StringValue: '5' },
  });
});

/** The size of a message is that of its body and of every attribute's name, type and value, in UTF-8. */
test.each([
  [message('hello'), 5],
  [message('ü🧥'), 6],
  [message('a', { Größe: { type: 'Number', value: '12' } }), 1 + 7 + 6 + 2],
  [message('', { a: { type: 'String', value: 'ü' }, b: { type: 'String', value: '' } }), 1 + 6 + 2 + 1 + 6],
])('%j counts %i bytes', (counted, bytes) => {
  expect(queue.sizeOf(counted)).toBe(bytes);
});

test('the counted size of a message is its text in UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (body, value) => {
      const bytes = new TextEncoder().encode(`${body}NameString${value}`).byteLength;
      expect(queue.sizeOf(message(body, { Name: { type: 'String', value } }))).toBe(bytes);
    }),
  );
});
