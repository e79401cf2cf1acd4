import { describe, expect, test } from 'vitest';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

describe('a request that was handled', () => {
  test('is not run again if its message is redelivered: the same outcome is published (faults 5, 18)', async () => {
    const ask = service.ask('again-1', { do: 'stamp' });
    await service.send(ask);
    const first = await service.event('again-1');
    await service.send(ask);

    const [, second] = await service.events('again-1', 2);
    expect(second).toEqual(first);
  });

  test('with a result too large for its record: the same', async () => {
    const ask = service.ask('again-2', { do: 'stamp', padding: 50_000 });
    await service.send(ask);
    const first = await service.event('again-2');
    await service.send(ask);

    const [, second] = await service.events('again-2', 2);
    expect(first.data).toBeDefined();
    expect(second).toEqual(first);
  });

  test('that failed permanently fails again without being run', async () => {
    const ask = service.ask('again-3', { do: 'refuse', reason: 'out of paper' });
    await service.send(ask);
    const first = await service.event('again-3');
    await service.send(ask);

    const [, second] = await service.events('again-3', 2);
    expect(second).toEqual(first);
  });

  test('has a record', async () => {
    await service.send(service.ask('again-4', { do: 'fail', untilAttempt: 2 }));
    await service.event('again-4');

    expect(await service.record('again-4')).toMatchObject({
      status: 'succeeded',
      attempts: 2,
      lastError: { name: 'RetryLater', code: 'retry_later' },
    });
  });
});

test('a request whose process was killed is taken over after its lease (fault 11)', async () => {
  await service.send(service.ask('killed-1', { do: 'kill', untilAttempt: 2 }));

  expect(await service.event('killed-1')).toMatchObject({ data: { attempt: 2 } });
});
