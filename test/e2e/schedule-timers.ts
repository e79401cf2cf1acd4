import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect, inject } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { eventually } from '../support/eventually.ts';
import type { Behaviour } from './processors/behaviour.ts';
import type { Service } from './service.ts';

const scheduler = new SchedulerClient(localConfig(inject('endpoint')));
const lambda = new LambdaClient(localConfig(inject('endpoint')));

/** A time as RFC 3339. */
export function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

/** Has the scheduler fire now, once. */
export async function fireNow({ GroupName, Name, FlexibleTimeWindow, Target }: GetScheduleCommandOutput) {
  await scheduler.send(
    new UpdateScheduleCommand({
      GroupName,
      Name,
      ScheduleExpression: `at(${inSeconds(0).slice(0, 19)})`,
      ScheduleExpressionTimezone: 'UTC',
      ActionAfterCompletion: 'DELETE',
      FlexibleTimeWindow,
      Target,
    }),
  );
}

/** The timers of a schedule. */
export async function timersOf(service: Service, name: string): Promise<GetScheduleCommandOutput[]> {
  const GroupName = service.output('ScheduleGroup');
  const { Schedules = [] } = await scheduler.send(
    new ListSchedulesCommand({ GroupName, NamePrefix: `${name}-` }),
  );
  return Promise.all(
    Schedules.map(({ Name }) => scheduler.send(new GetScheduleCommand({ GroupName, Name }))),
  );
}

/** Has a timer fire, as the scheduler does. @param change what is different */
export async function fire(timer: GetScheduleCommandOutput | undefined, change: object = {}): Promise<void> {
  const { Arn, Input = '' } = timer?.Target ?? {};
  const Payload = JSON.stringify({ ...JSON.parse(Input), ...change });
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: Arn, Payload }));
  expect(FunctionError).toBeUndefined();
}

/** Resolves at a time. */
export async function untilTime(time: string): Promise<void> {
  await eventually(() => expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(time)));
}

/** Adds a schedule, or replaces it, and has it fire at its first run. @returns the id of the request */
export async function firstRun(service: Service, name: string, json: Behaviour): Promise<string> {
  const startAt = inSeconds(5);
  const schedule = { name, everyMinutes: 60, startAt, overlap: 'cancel', json };
  const added = await service.call('POST', '/v1/schedules', { json: schedule });
  expect(added.status).toBe(200);
  await untilTime(startAt);
  const [timer] = await timersOf(service, name);
  await fire(timer);
  return `${name}.${startAt}`;
}
