import { describe, expect, test } from 'vitest';
import type { ProcessorRequest } from '../../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';
import { statusOf } from '../../support/outcome-event.ts';
import { REQUEST } from '../../support/records.ts';

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs a handler that reports its progress after these numbers of seconds. @returns the record after each report */
async function reported(...afterSeconds: readonly number[]) {
  const recorded: unknown[] = [];
  const harness = new EngineHarness(async (request) => {
    for (const [index, seconds] of afterSeconds.entries()) {
      harness.clock.advanceSeconds(seconds);
      request.progress((index + 1) / 10, `step ${index + 1}`);
      await settled();
      recorded.push(harness.records.record('r-1')?.progress?.fraction);
    }
  });
  await harness.process([requestDelivery('r-1')]);
  return { recorded, harness };
}

describe('progress', () => {
  test('of a short request costs no write', async () => {
    const { recorded, harness } = await reported(0, 1, 3.9);
    expect(recorded).toEqual([undefined, undefined, undefined]);
    expect(harness.records.writes).toBe(2);
  });

  test('is recorded every five seconds at most', async () => {
    const { recorded, harness } = await reported(5, 4.9, 0.1, 1, 20);
    expect(recorded).toEqual([0.1, 0.1, 0.3, 0.3, 0.5]);
    expect(harness.records.writes).toBe(2 + 3);
  });

  test('is ignored after the request ends', async () => {
    const { harness } = await reported(5);
    expect(harness.records.record('r-1')).toMatchObject({ status: 'succeeded' });
    expect(harness.records.record('r-1')?.progress).toBeUndefined();
  });

  test('has a note of bounded length', async () => {
    const harness = new EngineHarness(async (request) => {
      harness.clock.advanceSeconds(5);
      request.progress(0.5, 'x'.repeat(100_000));
      await settled();
      return harness.records.record('r-1')?.progress?.note?.length;
    });
    await harness.process([requestDelivery('r-1')]);
    expect(harness.event.data).toBe(500);
  });

  test.each(['fails before', 'fails after', 'never answers'] as const)(
    'that cannot be recorded (the write %s) does no harm',
    async (fault) => {
      const harness = new EngineHarness(async (request) => {
        harness.clock.advanceSeconds(5);
        request.progress(0.5);
        await settled();
        return request.signal.aborted;
      });
      harness.records.faults.inject('write', 'works', fault);
      expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
      expect(harness.event.data).toBe(false);
    },
  );
});

describe('a handler that reports its progress learns from its signal', () => {
  function stoppedBy(interfere: (harness: EngineHarness) => Promise<unknown>) {
    const handler = async (request: ProcessorRequest) => {
      const { signal } = request;
      await interfere(harness);
      harness.clock.advanceSeconds(5);
      request.progress(0.5);
      await settled();
      signal.throwIfAborted();
      return 'not stopped';
    };
    const harness = new EngineHarness(handler);
    return harness;
  }

  const recordsOf = ({ records, clock, settings }: EngineHarness) =>
    new RequestRecords(records, clock.now, settings.recordAgeDays);

  test('that the request is being cancelled, and confirms it by throwing', async () => {
    const harness = stoppedBy((harness) => recordsOf(harness).change(REQUEST, { type: 'cancel' }));
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(statusOf(harness.event)).toBe('cancelled');
  });

  test('that another attempt has taken over', async () => {
    const harness = stoppedBy((harness) => {
      harness.clock.advanceSeconds(100);
      return recordsOf(harness).claim(REQUEST, Number.MAX_SAFE_INTEGER);
    });
    expect(await harness.process([requestDelivery('r-1')])).toEqual(['message-r-1']);
    expect(harness.records.record('r-1')).toMatchObject({ status: 'running', attempts: 2 });
  });

  test('nothing while all is well', async () => {
    const harness = stoppedBy(async () => {});
    expect(await harness.process([requestDelivery('r-1')])).toEqual([]);
    expect(harness.event.data).toBe('not stopped');
  });
});
