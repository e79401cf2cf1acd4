import { GetScheduleCommand, SchedulerClient, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { expect, inject, test, vi } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { decodedRequest } from '../support/decoded.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const scheduler = new SchedulerClient(localConfig(inject('endpoint')));
const WAITING = { timeout: 60_000, interval: 200 };

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

async function requestOf(id: string): Promise<Record<string, unknown>> {
  return JSON.parse(await (await service.call('GET', `/v1/requests/${id}`)).text());
}

function scheduleOf(id: string) {
  return scheduler.send(new GetScheduleCommand({ GroupName: service.output('ScheduleGroup'), Name: id }));
}

test('a request within a quarter of an hour is delayed by SQS, and runs at its time', async () => {
  const notBefore = inSeconds(4);
  const { id } = await service.submit({ do: 'echo', value: 1 }, { 'Coatcheck-Not-Before': notBefore });
  expect(await requestOf(id)).toMatchObject({ status: 'scheduled', notBefore, attempts: 0 });
  expect(await service.event(id)).toMatchObject({ data: { value: 1, attempt: 1 } });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(notBefore));
  await expect(scheduleOf(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a message with a time goes back until then, and takes no attempt', async () => {
  const id = crypto.randomUUID();
  const notBefore = inSeconds(4);
  const attributes = { RequestId: id, NotBefore: notBefore, ContentType: 'application/json' };
  await service.send({ body: JSON.stringify({ do: 'echo', value: 2 }), attributes });
  await vi.waitFor(async () => {
    expect(await requestOf(id)).toMatchObject({ status: 'scheduled', notBefore, attempts: 0 });
  }, WAITING);
  expect(await service.event(id)).toMatchObject({ data: { value: 2, attempt: 1 } });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(notBefore));
});

test('a later one is a schedule, whose message does not start it early', async () => {
  const notBefore = inSeconds(3_600);
  const { id } = await service.submit({ do: 'echo', value: '<b>' }, { 'Coatcheck-Not-Before': notBefore });
  const schedule = await scheduleOf(id);
  const second = new Date(Math.ceil(Date.parse(notBefore) / 1000) * 1000).toISOString().slice(0, 19);
  expect(schedule).toMatchObject({
    ScheduleExpression: `at(${second})`,
    ScheduleExpressionTimezone: 'UTC',
    ActionAfterCompletion: 'DELETE',
    FlexibleTimeWindow: { Mode: 'OFF' },
  });
  expect(decodedRequest(schedule.Target?.Input)).toMatchObject({ id, notBefore: Date.parse(notBefore) });

  // The scheduler sends it an hour early.
  const { ScheduleExpressionTimezone, ActionAfterCompletion, FlexibleTimeWindow, Target } = schedule;
  await scheduler.send(
    new UpdateScheduleCommand({
      GroupName: service.output('ScheduleGroup'),
      Name: id,
      ScheduleExpression: `at(${inSeconds(0).slice(0, 19)})`,
      ScheduleExpressionTimezone,
      ActionAfterCompletion,
      FlexibleTimeWindow,
      Target,
    }),
  );
  await vi.waitFor(
    () => expect(scheduleOf(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' }),
    WAITING,
  );
  expect(await requestOf(id)).toMatchObject({ status: 'scheduled', attempts: 0 });

  expect((await service.call('POST', `/v1/requests/${id}/cancel`)).status).toBe(200);
  expect(await requestOf(id)).toMatchObject({ status: 'cancelled', attempts: 0, notBefore });
});

test('more than a year ahead is refused', async () => {
  const response = await service.call('POST', '/v1/requests', {
    body: '1',
    headers: { 'Coatcheck-Not-Before': inSeconds(367 * 86_400) },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'not_before_invalid' });
});
