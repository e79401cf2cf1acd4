import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  CoatcheckError,
  DownstreamUnavailable,
  PermanentError,
  RetryLater,
  StoreUnavailable,
} from '../../../lib/core/base/errors.ts';
import { AttemptTimedOut } from '../../../lib/core/engine/errors.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

type Errors = typeof import('../../../lib/core/base/errors.ts');

let copy: Errors;

/** As it is in a bundle beside ours: other classes, with other names. */
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../../lib/core/base/errors.ts')],
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
  });
  const [bundle] = outputFiles;
  copy = await import(
    `data:text/javascript;base64,${Buffer.from(bundle?.contents ?? '').toString('base64')}`
  );
});

describe('C2: an error of another copy of the package', () => {
  test('is of another class, and known all the same', () => {
    expect(copy.PermanentError).not.toBe(PermanentError);
    const errors = [
      [new copy.PermanentError('no'), PermanentError],
      [new copy.RetryLater(300), RetryLater],
      [new copy.DownstreamUnavailable('down'), DownstreamUnavailable],
    ] as const;
    for (const [error, known] of errors) {
      expect(error instanceof CoatcheckError).toBe(true);
      for (const [, other] of errors) expect(error instanceof other).toBe(other === known);
    }
    class OrderUnknown extends copy.PermanentError {}
    expect(new OrderUnknown('no') instanceof PermanentError).toBe(true);
  });

  test('is not taken for a subclass of ours, nor is one of ours', () => {
    expect(new copy.RetryLater(1) instanceof AttemptTimedOut).toBe(false);
    expect(new RetryLater(1) instanceof AttemptTimedOut).toBe(false);
    expect(new AttemptTimedOut(1) instanceof AttemptTimedOut).toBe(true);
    expect(new copy.DownstreamUnavailable('down') instanceof StoreUnavailable).toBe(false);
    expect(new StoreUnavailable('The table', 'down') instanceof DownstreamUnavailable).toBe(true);
  });

  test.each([undefined, null, 'text', {}, new Error('no')])('%o is none', (thrown) => {
    for (const known of [CoatcheckError, PermanentError, RetryLater, DownstreamUnavailable]) {
      expect(thrown instanceof known).toBe(false);
    }
  });

  test.each([undefined, null, '5', Number.NaN, -1, Number.POSITIVE_INFINITY])(
    'that waits %o, as no version of ours does, is an error as any other',
    (wait) => {
      expect(Object.assign(new copy.RetryLater(1), { delaySeconds: wait }) instanceof RetryLater).toBe(false);
      const down = Object.assign(new copy.DownstreamUnavailable('down'), { retryAfterSeconds: wait });
      expect(down instanceof DownstreamUnavailable).toBe(wait === undefined);
    },
  );

  test('decides what becomes of its request', async () => {
    const thrown: Record<string, Error> = {
      permanent: new copy.PermanentError('no', { code: 'order_unknown', details: { a: 1 } }),
      later: new copy.RetryLater(300),
      down: new copy.DownstreamUnavailable('down', { retryAfterSeconds: 70 }),
    };
    const harness = new EngineHarness((request) => {
      throw thrown[request.id];
    });
    const again = await harness.process(Object.keys(thrown).map((id) => requestDelivery(id)));
    expect(again).toEqual(['message-later', 'message-down']);
    expect(harness.problem).toMatchObject({ code: 'order_unknown', detail: 'no', details: { a: 1 } });
    expect(harness.delays).toEqual({ 'message-later': 300, 'message-down': 70 });
    expect(await uncountedAttempts(harness, 'down')).toBe(1);
    expect(await uncountedAttempts(harness, 'later')).toBeUndefined();
  });
});

async function uncountedAttempts({ records }: EngineHarness, id: string): Promise<number | undefined> {
  return (await records.read({ id, source: '' }))?.record.uncountedAttempts;
}
