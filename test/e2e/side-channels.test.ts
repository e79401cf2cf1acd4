import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

test('publishes a failure on the event bus too', async () => {
  await service.send(service.ask('failure-1', { do: 'refuse', reason: 'no' }));

  const published = await service.event('failure-1');
  expect(await service.busMessage('failure-1')).toMatchObject({
    source: 'coatcheck',
    'detail-type': 'coatcheck.request.failed',
    detail: published,
  });
});

/** Only a local AWS that the tests start has its log here. */
test.skipIf(process.env.AWS_ENDPOINT_URL)('logs the metrics of a batch in one line', async () => {
  await service.send(service.ask('measured-1', { do: 'refuse', reason: 'no' }));
  await service.event('measured-1');

  const logged = () => figuresInLog('.local/e2e/ministack.log');
  await expect.poll(logged).toContainEqual(
    expect.objectContaining({
      service: 'e2e-cloudevents',
      Succeeded: 0,
      Failed: 1,
      BatchSize: 1,
      Wait: expect.any(Number),
      ServiceTime: expect.any(Number),
      EndToEnd: expect.any(Number),
    }),
  );
  await expect
    .poll(logged)
    .toContainEqual(expect.objectContaining({ service: 'e2e-cloudevents', code: 'handler', Failed: 1 }));
});

async function figuresInLog(file: string): Promise<unknown[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.flatMap((line) =>
    line.includes('{"_aws":') ? [JSON.parse(line.slice(line.indexOf('{"_aws":')))] : [],
  );
}
