import { SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SnsOutputTopic } from '../../lib/aws/sns-output-topic.ts';
import { clientConfig, type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

const ARN = 'arn:aws:sns:us-east-1:123456789012:outcomes';
const LABELS = {
  Status: { type: 'String', value: 'failed' },
  Topic: { type: 'String', value: 'images' },
} as const;

let endpoint: ScriptedEndpoint;
let topic: SnsOutputTopic;
let fifo: SnsOutputTopic;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(published('0')).start();
  const client = new SNSClient(clientConfig(endpoint.url));
  topic = new SnsOutputTopic(client, ARN);
  fifo = new SnsOutputTopic(client, `${ARN}.fifo`);
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function published(...ids: readonly string[]): Script {
  const entries = ids.map((id) => `<member><Id>${id}</Id><MessageId>m-${id}</MessageId></member>`);
  return answer(200, `<Successful>${entries.join('')}</Successful><Failed/>`);
}

function failed(code: string, isSenderFault: boolean): Script {
  const entry = `<Id>0</Id><Code>${code}</Code><Message>no</Message><SenderFault>${isSenderFault}</SenderFault>`;
  return answer(200, `<Successful/><Failed><member>${entry}</member></Failed>`);
}

function answer(status: number, result: string): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(
      `<PublishBatchResponse><PublishBatchResult>${result}</PublishBatchResult></PublishBatchResponse>`,
    );
  };
}

function refused(status: number, code: string): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
    );
  };
}

/** The form of the only call. */
function formOf(call = 0): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(String(endpoint.calls[call]?.body)));
}

test('messages share one call; their labels are attributes that subscriptions select by', async () => {
  endpoint.script = published('0', '1');
  const attributes = { ContentType: { type: 'String', value: 'text/csv' } } as const;
  const messages = [
    { body: 'a', attributes: {}, labels: LABELS },
    { body: 'b', attributes, labels: LABELS, group: 'g' },
  ];
  expect(await topic.send(messages)).toEqual([{ sent: true }, { sent: true }]);
  const entry = 'PublishBatchRequestEntries.member';
  expect(formOf()).toMatchObject({
    Action: 'PublishBatch',
    TopicArn: ARN,
    [`${entry}.1.Id`]: '0',
    [`${entry}.1.Message`]: 'a',
    [`${entry}.1.MessageAttributes.entry.1.Name`]: 'Status',
    [`${entry}.1.MessageAttributes.entry.1.Value.DataType`]: 'String',
    [`${entry}.1.MessageAttributes.entry.1.Value.StringValue`]: 'failed',
    [`${entry}.1.MessageAttributes.entry.2.Name`]: 'Topic',
    [`${entry}.2.MessageAttributes.entry.3.Name`]: 'ContentType',
    // Standard queues are fair among groups.
    [`${entry}.2.MessageGroupId`]: 'g',
  });
  expect(topic.sizeOf({ body: 'a', attributes: {}, labels: LABELS })).toBe(
    'a'.length + 'StatusStringfailed'.length + 'TopicStringimages'.length,
  );
});

test('a FIFO topic gets the group and the name of each message, and of one without them a group of its own', async () => {
  endpoint.script = published('0', '1');
  await fifo.send([
    { body: 'a', attributes: {}, group: 'g', deduplicationId: 'd' },
    { body: 'b', attributes: {} },
  ]);
  const form = formOf();
  expect(form).toMatchObject({
    'PublishBatchRequestEntries.member.1.MessageGroupId': 'g',
    'PublishBatchRequestEntries.member.1.MessageDeduplicationId': 'd',
  });
  const own = form['PublishBatchRequestEntries.member.2.MessageGroupId'];
  expect(own).toMatch(/^[0-9a-f-]{36}$/);
  expect(form['PublishBatchRequestEntries.member.2.MessageDeduplicationId']).toBe(own);
  expect([topic.lingerMilliseconds, fifo.lingerMilliseconds]).toEqual([1_000, 0]);
});

test('a call holds as much as SNS takes, which is less than SQS', () => {
  expect(topic).toMatchObject({
    maxMessages: 10,
    maxBytes: 262_144,
    maxMessageBytes: 262_144,
    fansOut: true,
  });
});

test.each([
  ['InternalError', false, false],
  ['Throttled', true, false],
  ['KMSAccessDenied', true, false],
  ['AuthorizationError', true, false],
  ['NotFound', true, false],
  ['InvalidParameter', true, true],
])(
  'A3: an entry that fails with %s (sender fault: %s) is refused: %s',
  async (code, isSenderFault, isRefused) => {
    endpoint.script = failed(code, isSenderFault);
    expect(await topic.send([{ body: 'a', attributes: {} }])).toEqual([
      { sent: false, refused: isRefused, reason: `${code}: no` },
    ]);
  },
);

test.each([
  [403, 'AuthorizationError'],
  [404, 'NotFound'],
  [400, 'KMSDisabled'],
])('A3: a call that SNS refuses with %i %s rejects', async (status, code) => {
  endpoint.script = refused(status, code);
  await expect(topic.send([{ body: 'a', attributes: {} }])).rejects.toThrow('no');
});

test.each(['BatchRequestTooLong', 'InvalidParameter'])(
  'A3: a call that SNS refuses with %s because of one message is repeated with each message alone',
  async (code) => {
    endpoint.script = (call, response) => {
      const isBad = [...new URLSearchParams(String(call.body)).values()].includes('bad');
      (isBad ? refused(400, code) : published('0'))(call, response);
    };
    const messages = ['a', 'bad'].map((body) => ({ body, attributes: {} }));
    expect(await topic.send(messages)).toEqual([
      { sent: true },
      { sent: false, refused: true, reason: `${code}Exception: no` },
    ]);
  },
);
