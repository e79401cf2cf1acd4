import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { expect, inject, test } from 'vitest';
import { CloudWatchAlarms } from '../../lib/aws/cloudwatch-alarms.ts';

const client = new CloudWatchClient({
  endpoint: inject('endpoint'),
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

/** The metric of a service, whose name is its dimension. */
function failuresOf(service: string) {
  return { MetricName: 'Failed', Dimensions: [{ Name: 'service', Value: service }] };
}

/** Puts an alarm as a stack has it, on the failures of the service of that name. @returns its name */
async function putAlarm(stack: string, logicalId: string, AlarmDescription?: string): Promise<string> {
  const AlarmName = `${stack}-${logicalId}-1KXQ2ZB7D0AYL`;
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName,
      AlarmDescription,
      Namespace: 'Coatcheck',
      ...failuresOf(stack),
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    }),
  );
  return AlarmName;
}

function newStack(): string {
  return `S${crypto.randomUUID().slice(0, 8)}`;
}

test('alarms have the names of their constructs, states, and what they are for', async () => {
  const stack = newStack();
  const raised = await putAlarm(stack, 'ServiceAlarmsDeadLetters0A1B2C3D', 'A request failed.');
  const calm = await putAlarm(stack, 'ServiceAlarmsPausedDEADBEEF', 'It was paused.');
  await putAlarm(stack, 'ServiceReportsAlarmsThrottles12345678');
  await putAlarm(stack, 'Service2AlarmsDeadLetters87654321');
  await putAlarm(stack, 'OtherAlarmsDeadLetters0A1B2C3D');
  await putAlarm(newStack(), 'ServiceAlarmsDeadLetters0A1B2C3D');
  const before = Date.now();
  for (const [AlarmName, StateValue] of [
    [raised, 'ALARM'],
    [calm, 'OK'],
  ] as const)
    await client.send(
      new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: `it is ${StateValue}` }),
    );
  const alarms = await new CloudWatchAlarms(client, {
    alarmPrefix: `${stack}-Service`,
    alarmHashes: ['Gyw9', 'rb7v', 'NFZ4'],
  }).read();
  expect(alarms.toSorted((a, b) => a.name.localeCompare(b.name))).toMatchObject([
    { name: 'DeadLetters', state: 'alarm', reason: 'it is ALARM', description: 'A request failed.' },
    { name: 'Paused', state: 'ok', reason: 'it is OK', description: 'It was paused.' },
    { name: 'Throttles', state: 'unknown', description: '' },
  ]);
  const since = alarms.find(({ name }) => name === 'DeadLetters')?.since ?? 0;
  // Its times may be in seconds.
  expect(since).toBeGreaterThanOrEqual(Math.floor(before / 1_000) * 1_000);
  expect(since).toBeLessThanOrEqual(Date.now() + 1_000);
});

test('more than a page of them are read', async () => {
  const stack = newStack();
  const letter = (index: number) => String.fromCharCode(97 + index);
  const names = Array.from({ length: 230 }, (_, index) => `Alarm${letter(index / 26)}${letter(index % 26)}`);
  for (const name of names) await putAlarm(stack, `ServiceAlarms${name}0A1B2C3D`);
  const alarms = await new CloudWatchAlarms(client, {
    alarmPrefix: `${stack}-Service`,
    alarmHashes: ['Gyw9'],
  }).read();
  expect(alarms.map(({ name }) => name).toSorted()).toEqual(names);
});

test('an alarm is raised by its own metric, not by that of another service', async () => {
  const [failing, fine] = [newStack(), newStack()];
  const MetricData = [{ ...failuresOf(failing), Value: 1 }];
  await client.send(new PutMetricDataCommand({ Namespace: 'Coatcheck', MetricData }));
  const statesOf = async (stack: string) => {
    await putAlarm(stack, 'ServiceAlarmsFailures0A1B2C3D');
    const names = { alarmPrefix: `${stack}-Service`, alarmHashes: ['Gyw9'] };
    return (await new CloudWatchAlarms(client, names).read()).map(({ state }) => state);
  };
  expect(await statesOf(failing)).toEqual(['alarm']);
  expect(await statesOf(fine)).toEqual(['unknown']);
});
