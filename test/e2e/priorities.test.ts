import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

test.each(['high', 'normal', 'low'])(
  'a request of %s priority runs, and is retried, in its queue',
  async (priority) => {
    const behaviour = { do: 'fail', untilAttempt: 2, value: priority } as const;
    const { id } = await service.submit(behaviour, { 'Coatcheck-Priority': priority });
    expect(await service.event(id)).toMatchObject({ type: 'coatcheck.request.succeeded' });
    const request = await (await service.call('GET', `/v1/requests/${id}`)).json();
    expect(request).toMatchObject({ priority, status: 'succeeded', attempts: 2 });
  },
);

test.each([
  ['high', 'HighQueueUrl'],
  ['low', 'LowQueueUrl'],
])('a message to the queue of %s requests has that priority', async (priority, output) => {
  const id = crypto.randomUUID();
  const { body } = service.ask(id, { do: 'echo', value: priority });
  await service.clientsOf('Submitter').sqs.send(
    new SendMessageCommand({
      QueueUrl: service.output(output),
      MessageBody: body,
      MessageAttributes: { RequestId: { DataType: 'String', StringValue: id } },
    }),
  );
  expect(await service.event(id)).toMatchObject({ data: { value: priority } });
  expect((await service.record(id))?.request.priority).toBe(priority);
});

test('an upload is normal, since S3 notifies one queue', async () => {
  const open = (priority: string) => service.call('POST', '/v1/uploads', { json: { size: 1, priority } });
  const refused = await open('high');
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ code: 'priority_unsupported' });
  expect((await open('normal')).status).toBe(201);
});
