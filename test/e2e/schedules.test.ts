import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { expect, inject, test } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { decodedRequest } from '../support/decoded.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { fire, fireNow, firstRun, inSeconds, timersOf, untilTime } from './schedule-timers.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const scheduler = new SchedulerClient(localConfig(inject('endpoint')));

async function requestOf(id: string): Promise<Record<string, unknown>> {
  return JSON.parse(await (await service.call('GET', `/v1/requests/${id}`)).text());
}

function scheduleOf(id: string) {
  return scheduler.send(new GetScheduleCommand({ GroupName: service.output('ScheduleGroup'), Name: id }));
}

test('a request within a quarter of an hour is delayed by SQS, and runs at its time', async () => {
  const notBefore = inSeconds(10);
  const submitted = await service.submit({ do: 'echo', value: 1 }, { 'Coatcheck-Not-Before': notBefore });
  expect(submitted).toMatchObject({ status: 'scheduled', notBefore, attempts: 0 });
  const { id } = submitted;
  expect(await service.event(id)).toMatchObject({ data: { value: 1, attempt: 1 } });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(notBefore));
  await expect(scheduleOf(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a message with a time goes back until then, and takes no attempt', async () => {
  const [soon, later] = [crypto.randomUUID(), crypto.randomUUID()];
  const times = { [soon]: inSeconds(4), [later]: inSeconds(600) };
  for (const [id, notBefore] of Object.entries(times)) {
    const attributes = { RequestId: id, NotBefore: notBefore, ContentType: 'application/json' };
    await service.send({ body: JSON.stringify({ do: 'echo', value: 2 }), attributes });
  }
  await eventually(async () => {
    const waiting = { status: 'scheduled', notBefore: times[later], attempts: 0 };
    expect(await requestOf(later)).toMatchObject(waiting);
  });
  expect((await service.call('POST', `/v1/requests/${later}/cancel`)).status).toBe(200);
  expect(await service.event(soon)).toMatchObject({ data: { value: 2, attempt: 1 } });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(times[soon] ?? ''));
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
  await fireNow(schedule);
  await eventually(() => expect(scheduleOf(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' }));
  expect(await requestOf(id)).toMatchObject({ status: 'scheduled', attempts: 0 });

  expect((await service.call('POST', `/v1/requests/${id}/cancel`)).status).toBe(200);
  expect(await requestOf(id)).toMatchObject({ status: 'cancelled', attempts: 0, notBefore });
});

test('the outcome of one that is cancelled before is published at once, and its schedule deleted', async () => {
  const { id } = await service.submit(
    { do: 'echo', value: 3 },
    { 'Coatcheck-Not-Before': inSeconds(86_400) },
  );
  expect((await service.call('POST', `/v1/requests/${id}/cancel`)).status).toBe(200);
  expect(await service.event(id)).toMatchObject({ type: 'coatcheck.request.cancelled' });
  await expect(scheduleOf(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a schedule submits a request when its timer fires, and ends when it is removed', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'report.json'), JSON.stringify({ do: 'echo', value: 4 }));
  const schedules = (...line: readonly string[]) =>
    coatcheck(['schedules', ...line, '--api', service.apiUrl], { cwd });
  const begun = Date.now();
  await schedules('add', 'often', 'report.json', '--every', '10min');
  // After the next two commands, which take as long.
  const startAt = `${inSeconds(2 + (4 * (Date.now() - begun)) / 1_000).slice(0, 19)}Z`;
  const line = ['add', 'often', 'report.json', '--every', '1min', '--start', startAt, '--overlap', 'cancel'];
  expect(await schedules(...line)).toMatchObject({ exitCode: 0 });
  const [timer, ...others] = await timersOf(service, 'often');
  expect(others, 'the timer of the replaced schedule').toEqual([]);
  expect(timer).toMatchObject({ ScheduleExpression: 'rate(1 minute)', ActionAfterCompletion: 'DELETE' });
  expect(timer?.StartDate).toEqual(new Date(startAt));
  expect((await schedules('next', '1')).stdout).toBe(`${startAt.replace('Z', '.000Z')}\toften\n`);

  await untilTime(startAt);
  if (timer) await fireNow(timer);
  const id = `often.${startAt}`;
  expect(await service.event(id)).toMatchObject({ data: { value: 4, attempt: 1 } });
  await fire(timer);
  expect((await schedules('list')).stdout).toContain(`\t${id}\t`);

  expect((await schedules('pause', 'often')).stdout).toContain(`\tpaused\t${id}\t`);
  expect(await timersOf(service, 'often')).toEqual([]);
  // A timer that fired at that moment.
  await fire(timer);
  expect((await schedules('list')).stdout).toContain(`\tpaused\t${id}\t`);
  const [ticket = ''] = (await schedules('run', 'often')).stdout.split('\t');
  expect(await service.event(ticket)).toMatchObject({ data: { value: 4, attempt: 1 } });
  expect((await schedules('list')).stdout).toContain(`\tpaused\t${ticket}\t`);
  expect(await schedules('resume', 'often')).toMatchObject({ exitCode: 0 });
  const [resumed] = await timersOf(service, 'often');
  expect(resumed).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
  expect((await schedules('list')).stdout).not.toContain('paused');

  expect(await schedules('remove', 'often')).toMatchObject({ exitCode: 0 });
  expect(await timersOf(service, 'often')).toEqual([]);
  expect((await schedules('list')).stdout).not.toContain('often');
  // A timer that could not be stopped.
  await fire(timer, { createdAt: 0 });
});

test('a run cancels the request before it, where the schedule says so', async () => {
  const retried = { do: 'fail', untilAttempt: 4, afterSeconds: 60 } as const;
  const first = await firstRun(service, 'newest', retried);
  const second = await firstRun(service, 'newest', { do: 'echo', value: 5 });
  expect(await service.event(second)).toMatchObject({ data: { value: 5 } });
  expect(await requestOf(first)).toMatchObject({ status: 'cancelled' });
  expect((await service.call('DELETE', '/v1/schedules/newest')).status).toBe(204);
});

test('more than a year ahead is refused', async () => {
  const response = await service.call('POST', '/v1/requests', {
    body: '1',
    headers: { 'Coatcheck-Not-Before': inSeconds(367 * 86_400) },
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'not_before_invalid' });
});
