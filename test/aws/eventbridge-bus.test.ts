import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EventBridgeBus } from '../../lib/aws/eventbridge-bus.ts';
import { putEventsBy } from '../../lib/aws/eventbridge-client.ts';
import type { BusEvent } from '../../lib/core/ports/message-sink.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

const ARN = 'arn:aws:events:us-east-1:123456789012:event-bus/failures';

let endpoint: ScriptedEndpoint;
let bus: EventBridgeBus;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(500, {})).start();
  bus = new EventBridgeBus(putEventsBy(new EventBridgeClient(clientConfig(endpoint.url))), ARN);
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function event(json: string): BusEvent {
  return { type: 'coatcheck.request.failed', json, time: Date.UTC(2026, 0, 31, 12) };
}

test('events are put in one call, to the bus, from coatcheck', async () => {
  endpoint.script = jsonAnswer(200, { FailedEntryCount: 0, Entries: [{ EventId: 'a' }, { EventId: 'b' }] });
  expect(await bus.send([event('{"n":1}'), event('{"n":2}')])).toEqual([{ sent: true }, { sent: true }]);
  expect(endpoint.calls).toHaveLength(1);
  expect(endpoint.calls[0]?.headers['x-amz-target']).toBe('AWSEvents.PutEvents');
  const common = {
    EventBusName: ARN,
    Source: 'coatcheck',
    DetailType: 'coatcheck.request.failed',
    Time: Date.UTC(2026, 0, 31, 12) / 1000,
  };
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({
    Entries: [
      { ...common, Detail: '{"n":1}' },
      { ...common, Detail: '{"n":2}' },
    ],
  });
});

test('what became of each stands in its place', async () => {
  endpoint.script = jsonAnswer(200, {
    FailedEntryCount: 2,
    Entries: [
      { ErrorCode: 'ThrottlingException', ErrorMessage: 'slower' },
      { EventId: 'b' },
      { ErrorCode: 'MalformedDetail' },
    ],
  });
  expect(await bus.send(['1', '2', '3', '4'].map(event))).toEqual([
    { sent: false, refused: false, reason: 'ThrottlingException: slower' },
    { sent: true },
    { sent: false, refused: true, reason: 'MalformedDetail: ' },
    { sent: false, refused: false, reason: "EventBridge's answer left the event out" },
  ]);
});

test('a call that is refused rejects', async () => {
  endpoint.script = jsonAnswer(400, { __type: 'AccessDeniedException', message: 'no' });
  await expect(bus.send([event('1')])).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

/** An event counts 14 bytes for its time, then source, type and detail in UTF-8. */
test.each([
  ['', 14 + 9 + 24],
  ['"ü🧥"', 14 + 9 + 24 + 8],
])('a detail of %s counts %i bytes in all', (json, bytes) => {
  expect(bus.sizeOf(event(json))).toBe(bytes);
});
