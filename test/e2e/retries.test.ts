import { describe, expect, test } from 'vitest';
import type { Behaviour } from './processors/behaviour.ts';
import { type Received, Service } from './service.ts';

const service = new Service('E2e-cloudevents');

describe('a request that fails', () => {
  test('permanently ends after one attempt (fault 15)', async () => {
    await service.send(service.ask('refused-1', { do: 'refuse', reason: 'out of paper' }));

    expect(await service.event('refused-1')).toMatchObject({
      type: 'coatcheck.request.failed',
      data: { code: 'refused', detail: 'out of paper', attempts: 1, details: { by: 'test' } },
    });
  });

  test('twice, then succeeds', async () => {
    await service.send(service.ask('twice-1', { do: 'fail', untilAttempt: 3 }));

    expect(await service.event('twice-1')).toMatchObject({
      type: 'coatcheck.request.succeeded',
      data: { attempt: 3 },
    });
  });

  test('E17: always: its failure is published, and its message is dead-lettered (fault 19)', async () => {
    await service.send(service.ask('always-1', { do: 'fail', untilAttempt: 1_000 }));

    expect(await service.event('always-1')).toMatchObject({
      type: 'coatcheck.request.failed',
      data: { code: 'attempts_exhausted', attempts: 4, details: { lastError: { name: 'RetryLater' } } },
    });
    const [letter] = await service.deadLetters(1, isOf('always-1'));
    expect(letter?.body).toBe(JSON.stringify({ do: 'fail', untilAttempt: 1_000 }));
    expect(letter?.attributes).toMatchObject({
      DeadLetterCode: 'attempts_exhausted',
      DeadLetterAttempts: '4',
      DeadLetterRedrives: '0',
    });
  });

  test('by a timeout: the others of its batch are not delayed (fault 39)', async () => {
    await service.send(
      service.ask('overrun-1', { do: 'overrun' }),
      ...[2, 3].map((n) => service.ask(`overrun-${n}`, { do: 'echo', value: n })),
    );

    expect(await service.event('overrun-2')).toMatchObject({ data: { value: 2, attempt: 1 } });
    expect(await service.event('overrun-3')).toMatchObject({ data: { value: 3, attempt: 1 } });
    expect(await service.event('overrun-1')).toMatchObject({
      data: { code: 'attempts_exhausted', attempts: 4 },
    });
    await service.deadLetters(1, isOf('overrun-1'));
  });

  test('by killing the process: only it is dead-lettered (fault 14)', async () => {
    const behaviours: Behaviour[] = Array.from({ length: 10 }, (_, index) =>
      index === 4 ? { do: 'kill' } : { do: 'echo', value: index },
    );
    await service.send(...behaviours.map((behaviour, index) => service.ask(`poison-${index}`, behaviour)));

    for (const index of [0, 1, 2, 3, 5, 6, 7, 8, 9]) {
      expect(await service.event(`poison-${index}`)).toMatchObject({ data: { value: index } });
    }
    expect(await service.event('poison-4')).toMatchObject({
      data: { code: 'attempts_exhausted', detail: expect.stringContaining('ended without reporting') },
    });
    await service.deadLetters(1, isOf('poison-4'));
    const dead = service
      .receivedFrom('DeadLetterQueueUrl')
      .map(({ attributes }) => attributes.RequestId ?? '');
    expect(new Set(dead.filter((id) => id.startsWith('poison-')))).toEqual(new Set(['poison-4']));
  });
});

test('a redriven request runs again under its ticket, with a new outcome (fault 21)', async () => {
  // Its four attempts fail.
  await service.send(service.ask('redriven-1', { do: 'fail', untilAttempt: 5 }));
  const failed = await service.event('redriven-1');
  expect(failed).toMatchObject({ type: 'coatcheck.request.failed', data: { code: 'attempts_exhausted' } });

  const [letter] = await service.deadLetters(1, isOf('redriven-1'));
  if (letter) await service.send(letter);
  const [, succeeded] = await service.outcomes('redriven-1', 2);
  expect(succeeded).toMatchObject({ type: 'coatcheck.request.succeeded', data: { attempt: 5 } });
  expect(succeeded?.id).not.toBe(failed.id);
  expect(await service.record('redriven-1')).toMatchObject({ status: 'succeeded', redrives: 1 });
});

test('a mixed batch: each message has its own outcome (fault 12)', async () => {
  await service.send(
    ...Array.from({ length: 7 }, (_, index) => service.ask(`mixed-${index}`, { do: 'echo', value: index })),
    service.ask('mixed-7', { do: 'refuse', reason: 'no' }),
    service.ask('mixed-8', { do: 'fail', untilAttempt: 2 }),
    { body: '{"specversion": "1.0", "id": "mixed-9", "source": "/test"}' },
  );

  const types = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => (await service.event(`mixed-${index}`)).type),
  );
  expect(types.map((type) => type.replace('coatcheck.request.', ''))).toEqual([
    ...Array.from({ length: 7 }, () => 'succeeded'),
    'failed',
    'succeeded',
    'failed',
  ]);
});

function isOf(requestId: string) {
  return ({ attributes }: Received) => attributes.RequestId === requestId;
}
