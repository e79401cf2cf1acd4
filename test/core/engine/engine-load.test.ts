import { describe, expect, test } from 'vitest';
import { RetryLater } from '../../../lib/core/base/errors.ts';
import { MemoryLoadLog } from '../../../lib/stores/memory/load-log.ts';
import { delivery, requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

/** A service whose requests take as many seconds as their id says, one after another on the clock. */
function service(concurrency = 10) {
  const load = new MemoryLoadLog();
  const harness: EngineHarness = new EngineHarness(
    ({ id }) => {
      if (id.startsWith('fail')) throw new Error('not now');
      if (id.startsWith('later')) throw new RetryLater(3_600);
      harness.clock.advanceSeconds(Number(id));
    },
    { concurrency, ports: { load } },
  );
  return { harness, load };
}

test('a batch counts once it is published: each of its slots is held until the last request is done', async () => {
  const { harness, load } = service();
  await harness.process(['1', '2', '3'].map((id) => requestDelivery(id)));
  expect(load.added).toMatchObject([{ completed: 3, handled: 3, milliseconds: 3 * 6_000 }]);
});

test('no more slots are held than there are', async () => {
  const { harness, load } = service(2);
  await harness.process(['1', '2', '3'].map((id) => requestDelivery(id)));
  expect(load.added).toMatchObject([{ completed: 3, handled: 3, milliseconds: 2 * 6_000 }]);
});

test('what is to be tried again took its time and wasn’t completed', async () => {
  const { harness, load } = service();
  await harness.process(['fail', 'later', '4'].map((id) => requestDelivery(id)));
  expect(load.added).toMatchObject([{ completed: 1, handled: 3, milliseconds: 3 * 4_000 }]);
});

describe('what ends without its handler is completed, and holds no slot:', () => {
  const expired = requestDelivery(
    '9',
    {},
    { attributes: { RequestId: '9', ExpiresAt: '2001-01-01T00:00:00Z' } },
  );
  const rejected = delivery('{"specversion":"1.0"}');

  test.each([
    ['expired', expired],
    ['rejected', rejected],
  ])('%s', async (_, given) => {
    const { harness, load } = service();
    await harness.process([given]);
    expect(harness.events).toHaveLength(1);
    expect(load.added).toMatchObject([{ completed: 1, handled: 0, milliseconds: 0 }]);
  });

  test('the duplicate of a finished request', async () => {
    const { harness, load } = service();
    await harness.process([requestDelivery('4')]);
    harness.clock.advanceSeconds(10);
    await harness.process([requestDelivery('4')]);
    expect(load.added[1]).toMatchObject({ completed: 1, handled: 0, milliseconds: 0 });
  });

  test('beside one that is handled', async () => {
    const { harness, load } = service();
    await harness.process([expired, rejected, requestDelivery('4')]);
    expect(load.added).toMatchObject([{ completed: 3, handled: 1, milliseconds: 4_000 }]);
  });
});

test('a handler that isn’t done when time is over ran', async () => {
  const load = new MemoryLoadLog();
  const harness = new EngineHarness(() => new Promise(() => {}), { ports: { load } });
  expect(await harness.process([requestDelivery('stuck')], 0.6)).toHaveLength(1);
  expect(load.added).toMatchObject([{ completed: 0, handled: 1 }]);
});

test('what could not be published wasn’t completed', async () => {
  const { harness, load } = service();
  harness.output.faults.inject('send', 'fails before', 'fails before', 'fails before', 'fails before');
  expect(await harness.process([requestDelivery('4')])).toHaveLength(1);
  expect(load.added).toMatchObject([{ completed: 0, handled: 1 }]);
});

test('a batch ends in time though its count isn’t answered', async () => {
  const { harness, load } = service();
  load.faults.inject('add', 'never answers');
  expect(await harness.process([requestDelivery('0.01')], 0.6)).toEqual([]);
  expect(harness.statuses).toEqual({ '0.01': 'succeeded' });
});

test('an empty batch counts nothing', async () => {
  const { harness, load } = service();
  await harness.process([]);
  expect(load.added).toEqual([]);
});
