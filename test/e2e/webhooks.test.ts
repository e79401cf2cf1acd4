import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Webhook } from 'standardwebhooks';
import { expect, inject, test } from 'vitest';
import { parseSecrets } from '../../lib/core/model/webhook-secrets.ts';
import { decodeWebhook } from '../../lib/core/webhooks/message.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { eventually } from '../support/eventually.ts';
import { callOf, httpReceiver, type ReceivedCall, webhookIdOf } from '../webhooks/receiver.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const config = localConfig(inject('endpoint'));
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** Webhook calls are traced: each is a span of its own. */
const inTrace = /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/;

/** A receiver that gives these answers in order, then repeats the last one. */
async function receiverOf(...answers: readonly (readonly [number, Record<string, string>?])[]) {
  const calls: ReceivedCall[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    const [status, headers = {}] = answers[Math.min(calls.length, answers.length - 1)] ?? [200];
    calls.push(await callOf(request));
    response.writeHead(status, headers).end();
  });
  return { calls, url: `http://127.0.0.1:${port}/hook` };
}

/** Verifies a call like a receiver: with the Standard Webhooks library and the service's secret. */
async function verified({ headers, body }: ReceivedCall): Promise<unknown> {
  const { SecretString = '' } = await new SecretsManagerClient(config).send(
    new GetSecretValueCommand({ SecretId: service.output('WebhookSecret') }),
  );
  const [secret = ''] = parseSecrets(SecretString);
  return new Webhook(secret).verify(body, { ...headers } as Record<string, string>);
}

async function called(calls: readonly ReceivedCall[], times = 1): Promise<readonly ReceivedCall[]> {
  await eventually(() => expect(calls.length).toBeGreaterThanOrEqual(times));
  return calls;
}

/** Waits for a status of a request's webhook. */
function stands(id: string, status: string): Promise<object> {
  return eventually(async () => {
    const { webhook } = (await (await service.call('GET', `/v1/requests/${id}`)).json()) as {
      webhook: object;
    };
    expect(webhook).toMatchObject({ status });
    return webhook;
  });
}

test('by HTTP: sends the outcome to the callback URL', async () => {
  const { calls, url } = await receiverOf([204]);
  const headers = { 'Coatcheck-Callback-Url': url, traceparent };
  const { id } = await service.submit({ do: 'echo', value: 1 }, headers);

  const [call] = await called(calls);
  if (!call) throw new Error('no call');
  expect(await verified(call)).toEqual({
    type: 'coatcheck.request.succeeded',
    timestamp: expect.any(String),
    data: {
      id,
      traceparent,
      status: 'succeeded',
      result: { size: expect.any(Number), contentType: 'application/json' },
      links: { self: `/v1/requests/${id}`, result: `/v1/requests/${id}/result` },
    },
  });
  expect(call.headers.traceparent).toMatch(inTrace);
  expect(await service.event(id)).toMatchObject({ type: 'coatcheck.request.succeeded', traceparent });
  expect(await stands(id, 'delivered')).toMatchObject({ attempts: 1 });

  const repeated = await service.call('POST', `/v1/requests/${id}/webhook`);
  expect([repeated.status, await repeated.json()]).toMatchObject([202, { id }]);
  const [, again] = await called(calls, 2);
  expect(again?.headers['webhook-id']).toBe(call.headers['webhook-id']);
  expect(again?.body).toBe(call.body);
});

test('by upload, with a ticket', async () => {
  const { calls, url } = await receiverOf([200]);
  const payload = JSON.stringify({ do: 'echo', value: 2 });
  const response = await service.call('POST', '/v1/uploads', {
    json: { size: payload.length, contentType: 'application/json', callbackUrl: url },
  });
  expect(response.status).toBe(201);
  const { request, upload } = (await response.json()) as {
    request: { id: string };
    upload: { url: string; fields: Record<string, string> };
  };
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append('file', new Blob([payload]));
  expect((await fetch(upload.url, { method: 'POST', body: form })).ok).toBe(true);

  const [call] = await called(calls);
  expect(JSON.parse(call?.body ?? '')).toMatchObject({ data: { id: request.id, status: 'succeeded' } });
});

test('by message: sends a failure again under the same id until it is accepted (faults 30, 31)', async () => {
  const { calls, url } = await receiverOf([500], [302, { location: 'http://169.254.169.254/' }], [200]);
  const failing = service.ask('hook-1', { do: 'refuse', reason: 'no such thing' });
  await service.send({
    ...failing,
    attributes: { ...failing.attributes, CallbackUrl: url, traceparent },
  });

  const [first, second] = await called(calls, 2);
  expect(JSON.parse(first?.body ?? '')).toMatchObject({ data: { id: 'hook-1', status: 'failed' } });
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  for (const call of [first, second]) expect(call?.headers.traceparent).toMatch(inTrace);
  expect(await service.event('hook-1')).toMatchObject({ traceparent });
  expect(Number(second?.headers['webhook-timestamp'])).toBeGreaterThanOrEqual(
    Number(first?.headers['webhook-timestamp']) + 4,
  );
});

/** The schedule of a webhook's next attempt. @throws Error if there is none */
async function scheduleOf(webhookId: string) {
  const scheduler = new SchedulerClient(config);
  const GroupName = service.output('WebhookScheduleGroup');
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName }));
  for (const { Name } of Schedules) {
    const schedule = await scheduler.send(new GetScheduleCommand({ GroupName, Name }));
    if (decodeWebhook(schedule.Target?.Input ?? '').id === webhookId) return schedule;
  }
  throw new Error(`none of ${Schedules.length} schedules is of ${webhookId}`);
}

test('calls a receiver that asks for an hour with a schedule', async () => {
  const { calls, url } = await receiverOf([503, { 'retry-after': '3600' }]);
  const asked = Date.now();
  const ticket = await service.submit({ do: 'echo', value: 3 }, { 'Coatcheck-Callback-Url': url });

  const [call] = await called(calls);
  const failing = await stands(ticket.id, 'failing');
  const listed = await service.call('GET', '/v1/requests?webhook=failing&limit=100');
  expect(await listed.json()).toMatchObject({
    requests: expect.arrayContaining([expect.objectContaining({ id: ticket.id })]),
  });
  expect(failing).toMatchObject({
    attempts: 1,
    nextAttemptAt: expect.any(String),
  });
  const id = String(call?.headers['webhook-id']);
  const schedule = await eventually(() => scheduleOf(id));
  expect(schedule).toMatchObject({ ActionAfterCompletion: 'DELETE', FlexibleTimeWindow: { Mode: 'OFF' } });
  const deadLetters = schedule.Target?.DeadLetterConfig?.Arn?.split(':').at(-1) ?? 'none';
  expect(service.output('WebhookDeadLetterQueueUrl')).toMatch(new RegExp(`/${deadLetters}$`));
  expect(decodeWebhook(schedule.Target?.Input ?? '')).toEqual({
    url,
    id,
    attempt: 2,
    // The client sends no trace: this is the trace of the API call.
    traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    subject: expect.objectContaining({ request: expect.objectContaining({ source: '' }) }),
    body: call?.body,
  });
  const [, at] = /^at\((.+)\)$/.exec(schedule.ScheduleExpression ?? '') ?? [];
  const waited = (Date.parse(`${at}Z`) - asked) / 1000;
  expect(waited).toBeGreaterThanOrEqual(3_600);
  expect(waited).toBeLessThanOrEqual(3_600 * 1.2 + 60);
  expect(new Set(calls.map(webhookIdOf))).toEqual(new Set([id]));
});

test.each(['http://0x7f.1/', 'ftp://127.0.0.1/', 'https://user@example.com/'])(
  '%s is refused',
  async (url) => {
    const response = await service.call('POST', '/v1/requests', {
      json: { do: 'echo', value: 1 },
      headers: { 'Coatcheck-Callback-Url': url },
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'callback_refused' });
  },
);
