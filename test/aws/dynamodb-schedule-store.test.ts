import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DynamoDbScheduleStore } from '../../lib/aws/dynamodb-schedule-store.ts';
import { newSchedule } from '../../lib/core/intake/schedules.ts';
import {
  clientConfig,
  conditionRefused,
  jsonAnswer,
  type Script,
  ScriptedEndpoint,
} from '../support/scripted-endpoint.ts';
import { START } from '../support/test-clock.ts';

const SCHEDULE = newSchedule(
  { name: 'hourly', cron: '0 * * * *', payload: Buffer.from('1'), contentType: 'application/json' },
  START,
);

let endpoint: ScriptedEndpoint;
let store: DynamoDbScheduleStore;
beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(jsonAnswer(200, {})).start();
  const client = new DynamoDBClient({ ...clientConfig(endpoint.url), maxAttempts: 2 });
  store = new DynamoDbScheduleStore(client, 'requests');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

/** The first call has its effect and no answer. @param answer to the second, by the values of the first */
function answerLost(answer: (values: Record<string, unknown>) => Script): void {
  endpoint.script = (call, response) => {
    const [first] = endpoint.calls;
    if (endpoint.calls.length === 1) return response.destroy();
    answer(JSON.parse(first?.body.toString() ?? '').ExpressionAttributeValues)(call, response);
  };
}

const { payload: _, ...definition } = SCHEDULE;
const ITEM = {
  schedule: { S: JSON.stringify(definition) },
  payload: { B: SCHEDULE.payload },
  nextAt: { N: String(START) },
  revision: { S: 'r-1' },
};

test('a lease whose answer was lost is held', async () => {
  answerLost((values) => conditionRefused({ ...ITEM, leaseId: values[':leaseId'] }));
  expect(await store.take(SCHEDULE, START, START + 1)).toEqual({
    schedule: JSON.parse(JSON.stringify(SCHEDULE)),
    state: { nextAt: START },
    revision: 'r-1',
  });
});

test('the lease of another process is not held', async () => {
  endpoint.script = conditionRefused({ ...ITEM, leaseId: { S: 'other' } });
  expect(await store.take(SCHEDULE, START, START + 1)).toBeUndefined();
});

test('a put whose answer was lost has not replaced itself', async () => {
  answerLost((values) => jsonAnswer(200, { Attributes: { revision: values[':revision'] } }));
  expect(await store.put(SCHEDULE, 'r-2', START)).toBeUndefined();
});
