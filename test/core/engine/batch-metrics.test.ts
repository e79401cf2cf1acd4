import { expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { BatchMetrics } from '../../../lib/core/engine/batch-metrics.ts';
import { cancellation, expiry, failure } from '../../../lib/core/model/outcome.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';
import { MemoryMetrics } from '../../support/memory-metrics.ts';
import { inlineOutcome, outcomeOf } from '../../support/outcomes.ts';
import { START, TestClock } from '../../support/test-clock.ts';

function collecting() {
  const metrics = new MemoryMetrics();
  const clock = new TestClock();
  const logger = new CollectingLogger();
  return { metrics, clock, logger, batch: new BatchMetrics(metrics, clock.now, logger) };
}

function failed(code?: string) {
  return outcomeOf(failure(new PermanentError('no', { code }), 1));
}

/** Emits the metrics of a batch. */
function passOn(batch: BatchMetrics, messages: number, redelivered: number): void {
  for (let count = 0; count < messages; count++) batch.countReceived();
  for (let count = 0; count < redelivered; count++) batch.countRedelivered();
  batch.emit();
}

test('a batch emits its counts and values', () => {
  const { metrics, clock, batch } = collecting();
  batch.measureWait(START - 40);
  clock.time += 7;
  batch.measureServiceTime(START);
  batch.countPublished(inlineOutcome('1'), START - 100);
  batch.countRetried();
  batch.countRetried();
  batch.countDeadLettered();
  passOn(batch, 5, 3);
  expect(metrics.figures).toEqual({
    counts: { Succeeded: 1, Failed: 0, Retried: 2, DeadLettered: 1, Redelivered: 3 },
    values: { Wait: [40], ServiceTime: [7], EndToEnd: [107], BatchSize: [5] },
    failures: new Map(),
  });
});

test('outcomes are counted by status', () => {
  const { metrics, batch } = collecting();
  const outcomes = [expiry(1), cancellation(1), cancellation(2)].map((ending) => outcomeOf(ending));
  for (const outcome of [failed(), ...outcomes]) batch.countPublished(outcome, START);
  passOn(batch, 4, 0);
  expect(metrics.figures.counts).toEqual({ Succeeded: 0, Failed: 1, Expired: 1, Cancelled: 2 });
});

test('failures are counted by the codes of the core, and those of handlers together', () => {
  const { metrics, batch } = collecting();
  for (const code of ['json_invalid', 'csv_invalid', 'json_invalid', undefined]) {
    batch.countPublished(failed(code), START);
  }
  passOn(batch, 4, 0);
  expect(metrics.figures.failures).toEqual(
    new Map([
      ['json_invalid', 2],
      ['handler', 2],
    ]),
  );
});

test('emitted metrics are not emitted again', () => {
  const { metrics, batch } = collecting();
  batch.countPublished(failed('json_invalid'), START);
  passOn(batch, 1, 1);
  batch.measureWait(START);
  passOn(batch, 2, 0);
  expect(metrics.emitted[1]).toEqual({
    counts: { Succeeded: 0, Failed: 0 },
    values: { Wait: [0], ServiceTime: [], EndToEnd: [], BatchSize: [2] },
    failures: new Map(),
  });
});

test('durations are never negative, whatever the clock of the queue', () => {
  const { metrics, batch } = collecting();
  batch.measureWait(START + 500);
  passOn(batch, 1, 0);
  expect(metrics.figures.values.Wait).toEqual([0]);
});

test('an empty batch emits nothing', () => {
  const { metrics, batch } = collecting();
  batch.emit();
  expect(metrics.emitted).toEqual([]);
});

test('outcomes without a message are emitted as well', () => {
  const { metrics, batch } = collecting();
  passOn(batch, 1, 0);
  batch.countPublished(inlineOutcome('1'), START);
  batch.emit();
  expect(metrics.emitted[1]).toEqual({
    counts: { Succeeded: 1, Failed: 0 },
    values: { Wait: [], ServiceTime: [], EndToEnd: [0], BatchSize: [] },
    failures: new Map(),
  });
});

test('metrics that cannot be emitted are logged', () => {
  const { metrics, logger, batch } = collecting();
  metrics.emit = () => {
    throw new Error('no room');
  };
  passOn(batch, 1, 0);
  expect(logger.lines).toMatchObject([{ level: 'warn', fields: { error: { message: 'no room' } } }]);
});
