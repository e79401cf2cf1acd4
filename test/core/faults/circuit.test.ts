import { describe, expect, test } from 'vitest';
import { DownstreamUnavailable, PermanentError } from '../../../lib/core/base/errors.ts';
import { maxReceivesOf } from '../../../lib/core/config/receive-budget.ts';
import { Deadline } from '../../../lib/core/engine/deadline.ts';
import { BreakableService } from '../../support/breakable-service.ts';
import { deadLetterIds } from '../../support/dead-letters.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { START } from '../../support/test-clock.ts';

const HOUR = 3_600;

/** A service that calls a dependency, which is down at first. */
function dependent(downSeconds: number, error: () => Error, settings = {}) {
  const calls = { down: 0, up: 0 };
  const service: BreakableService = new BreakableService(() => {
    if (service.clock.now() < START + downSeconds * 1000) {
      calls.down++;
      throw error();
    }
    calls.up++;
    return 'done';
  }, settings);
  const send = (requests: number) => {
    for (let request = 0; request < requests; request++) {
      service.queue.send('{}', { RequestId: `r-${request}` }, `m-${request}`);
    }
  };
  return { service, calls, send };
}

const noDatabase = () => new DownstreamUnavailable('no database');

describe('a dependency of every request is down (faults 25 and 27)', () => {
  test.each([
    [1, 0],
    [1, 0.999],
    [4, 0],
    [8, 0.5],
    [60, 0],
    [1_000, 0.5],
  ])('for three hours, with %i requests and luck of %d: they wait and succeed', async (requests, luck) => {
    const { service, calls, send } = dependent(3 * HOUR, noDatabase);
    service.random.value = luck;
    send(requests);
    const seconds = await service.run();

    expect(Object.values(service.statuses)).toEqual(Array(requests).fill('succeeded'));
    expect(calls.up).toBe(requests);
    expect([...service.queue.deadLetters, ...deadLetterIds(service.deadLetters)]).toEqual([]);
    expect(seconds).toBeLessThan(3 * HOUR + 2_000);
  });

  test('for three hours: 1,000 requests call it rarely', async () => {
    const { service, calls, send } = dependent(3 * HOUR, noDatabase);
    send(1_000);
    await service.run();
    expect(service.pauses).toBeGreaterThan(5);
    expect(calls.down).toBeLessThan(1_000);
  });

  test('attempts count again once it is back', async () => {
    let calls = 0;
    const service: BreakableService = new BreakableService(() => {
      calls++;
      throw service.clock.now() < START + HOUR * 1000 ? noDatabase() : new Error('bad luck');
    });
    service.queue.send('{}', { RequestId: 'r-1' }, 'm-1');
    await service.run();
    const { outcome, attempts } = service.records.record('r-1') ?? {};
    expect(outcome).toMatchObject({ status: 'failed', problem: { code: 'attempts_exhausted', attempts: 5 } });
    expect(attempts).toBe(calls);
    expect(calls).toBeGreaterThan(5);
    expect(deadLetterIds(service.deadLetters)).toEqual(['r-1']);
  });

  test('forever: requests end in the dead-letter queue, and each has a published failure', async () => {
    const { service, send } = dependent(1_000 * HOUR, noDatabase);
    send(20);
    await service.run();
    expect(Object.values(service.statuses)).toEqual(Array(20).fill('failed'));
    expect(deadLetterIds(service.deadLetters)).toHaveLength(20);
  });

  test('for one kind of request only: the others continue meanwhile', async () => {
    const service = new BreakableService((request) => {
      if (request.id.endsWith('7')) throw noDatabase();
      return 'done';
    });
    for (let request = 0; request < 100; request++) {
      service.queue.send('{}', { RequestId: `r-${request}` }, `m-${request}`);
    }
    await service.run();
    const failed = Object.entries(service.statuses).filter(([, status]) => status === 'failed');
    expect(failed).toHaveLength(10);
    expect(deadLetterIds(service.deadLetters)).toHaveLength(10);
  });
});

test('one request in twenty needs a dependency that is down: the others do not wait for it', async () => {
  let lastAt = START;
  const service: BreakableService = new BreakableService((request) => {
    if (Number(request.id.slice(2)) % 20 === 0) throw noDatabase();
    lastAt = service.clock.now();
    return 'done';
  });
  for (let request = 0; request < 1_000; request++) {
    service.queue.send('{}', { RequestId: `r-${request}` }, `m-${request}`);
  }
  await service.run();
  const statuses = Object.values(service.statuses);
  expect(statuses.filter((status) => status === 'succeeded')).toHaveLength(950);
  expect((lastAt - START) / 1000).toBeLessThan(120);
});

describe('a failure rate', () => {
  test('pauses although one request in ten succeeds', async () => {
    const service: BreakableService = new BreakableService(
      (request) => {
        if (service.clock.now() < START + HOUR * 1000 && !request.id.endsWith('7'))
          throw new Error('ECONNRESET');
        return 'done';
      },
      { failureRatePercent: 80 },
    );
    for (let request = 0; request < 300; request++) {
      service.queue.send('{}', { RequestId: `r-${request}` }, `m-${request}`);
    }
    await service.run();
    expect(service.pauses).toBeGreaterThan(0);
  });

  test('pauses too, and failures during a pause do not count', async () => {
    const { service, send } = dependent(HOUR, () => new Error('ECONNREFUSED'), { failureRatePercent: 80 });
    send(1_000);
    await service.run();
    expect(Object.values(service.statuses)).toEqual(Array(1_000).fill('succeeded'));
    expect([...service.queue.deadLetters, ...deadLetterIds(service.deadLetters)]).toEqual([]);
  });

  test('is off by default, and failures count', async () => {
    const { service, send } = dependent(3 * HOUR, () => new Error('ECONNREFUSED'));
    send(100);
    await service.run();
    expect(deadLetterIds(service.deadLetters)).toHaveLength(100);
    expect(service.pauses).toBe(0);
  });

  test('ignores permanent failures: invalid requests block no other requests', async () => {
    const { service, send } = dependent(HOUR, () => new PermanentError('nonsense'), {
      failureRatePercent: 1,
    });
    send(100);
    await service.run();
    expect(service.pauses).toBe(0);
  });
});

describe('the service’s own stores are down (fault 27)', () => {
  test.each(['tableDownUntil', 'outputDownUntil'] as const)(
    'for three hours (%s): each request runs once, and its outcome is published',
    async (store) => {
      const { service, calls, send } = dependent(0, noDatabase);
      service[store] = START + 3 * HOUR * 1000;
      send(200);
      await service.run();
      expect(Object.values(service.statuses)).toEqual(Array(200).fill('succeeded'));
      expect(calls).toEqual({ down: 0, up: 200 });
      expect([...service.queue.deadLetters, ...deadLetterIds(service.deadLetters)]).toEqual([]);
      expect(service.pauses).toBeGreaterThan(5);
    },
  );
});

describe('in a batch', () => {
  test.each([
    ['succeeds', 0],
    ['fails for good', 1],
  ])('four requests find it down, one %s, four find it down: pauses %i', async (_, pauses) => {
    const asked: unknown[] = [];
    const harness = new EngineHarness(
      (request) => {
        if (request.id !== 'r-4') throw noDatabase();
        if (pauses > 0) throw new PermanentError('nonsense');
      },
      { ports: { pauses: { request: async (pause) => void asked.push(pause) } } },
    );
    for (let index = 0; index < 9; index++) await harness.process([requestDelivery(`r-${index}`)]);
    expect(asked).toHaveLength(pauses);
  });

  test('a success in between ends a series, although it is published at the end', async () => {
    const asked: unknown[] = [];
    const harness = new EngineHarness(
      (request) => {
        if (request.id.startsWith('down')) throw noDatabase();
      },
      { concurrency: 1, ports: { pauses: { request: async (pause) => void asked.push(pause) } } },
    );
    await harness.process(
      ['down-1', 'down-2', 'up', 'down-3', 'down-4', 'down-5', 'down-6'].map((id) => requestDelivery(id)),
    );
    expect(asked).toEqual([]);
    expect(harness.statuses).toEqual({ up: 'succeeded' });
  });

  test('the first success of a new try counts', async () => {
    const asked: unknown[] = [];
    const harness = new EngineHarness(
      (request) => {
        if (request.id.startsWith('down')) throw noDatabase();
      },
      { concurrency: 1, ports: { pauses: { request: async (pause) => void asked.push(pause) } } },
    );
    await harness.process(Array.from({ length: 5 }, (_, index) => requestDelivery(`down-${index}`)));
    harness.clock.advanceSeconds(30);
    await harness.process([requestDelivery('up'), requestDelivery('down-5')]);
    expect(asked).toHaveLength(1);
  });

  test('unstarted messages wait for the circuit to close, and failed ones a little longer', async () => {
    const harness = new EngineHarness(
      () => {
        throw noDatabase();
      },
      { concurrency: 1 },
    );
    const batch = Array.from({ length: 10 }, (_, index) => requestDelivery(`r-${index}`));
    expect(await harness.process(batch)).toHaveLength(10);
    const waits = batch.map(({ id, attributes }) => {
      const begun = harness.records.record(String(attributes.RequestId)) !== undefined;
      return `${begun ? 'failed' : 'not begun'}: ${harness.delays[id]}`;
    });
    // A first failure waits two seconds here.
    expect(waits).toEqual([...Array(5).fill('failed: 32'), ...Array(5).fill('not begun: 30')]);
  });

  test('a message on its last receives is not delayed: it is dead-lettered, and its failure is published', async () => {
    const harness = new EngineHarness(() => {
      throw noDatabase();
    });
    await harness.process(Array.from({ length: 5 }, (_, index) => requestDelivery(`r-${index}`)));
    const last = maxReceivesOf(harness.settings.maxAttempts);
    const at = (id: string, attempt: number) => requestDelivery(id, {}, { deliveryCount: attempt });
    await harness.process([at('early', last - 3), at('late', last - 2), at('last', last)]);
    expect(harness.statuses).toEqual({ late: 'failed', last: 'failed' });
  });

  test('a queue that never dead-letters by itself has no last receives', async () => {
    const harness = new EngineHarness(() => {
      throw noDatabase();
    });
    await harness.process(Array.from({ length: 5 }, (_, index) => requestDelivery(`r-${index}`)));
    const message = harness.input.settleable(requestDelivery('r-9', {}, { deliveryCount: 1_000 }));
    const source = { ...message.source, maxDeliveries: undefined };
    using deadline = new Deadline(harness.clock.now(), harness.clock.now() + 60_000);
    expect(await harness.engine.run({ ...message, source }, deadline)).toEqual({
      action: 'retry',
      afterSeconds: 0,
    });
    expect(harness.statuses).toEqual({});
  });

  test('no message is hidden beyond its retention', async () => {
    const harness = new EngineHarness(
      () => {
        throw noDatabase();
      },
      { inputRetentionSeconds: 60, pauseSeconds: 900 },
    );
    const sentAt = harness.clock.now() - 20_000;
    await harness.process(
      Array.from({ length: 6 }, (_, index) => requestDelivery(`r-${index}`, {}, { sentAt })),
    );
    expect(new Set(Object.values(harness.delays))).toEqual(new Set([20]));
  });
});

test('F: a republished success does not close the circuit', async () => {
  const pauses: unknown[] = [];
  let isDown = false;
  const harness = new EngineHarness(
    () => {
      if (isDown) throw new DownstreamUnavailable('no database');
      return 'done';
    },
    { ports: { pauses: { request: async (pause) => void pauses.push(pause) } } },
  );
  await harness.process([requestDelivery('early')]);
  isDown = true;
  for (let index = 0; index < 5; index++) {
    await harness.process([requestDelivery(`r-${index}`)]);
    expect(await harness.process([requestDelivery('early', {}, { deliveryCount: 2 })])).toEqual(
      index < 4 ? [] : ['message-early'],
    );
  }
  expect(pauses).toHaveLength(1);
});
