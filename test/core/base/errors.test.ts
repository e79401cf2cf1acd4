import { readdir, readFile } from 'node:fs/promises';
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
import { serializeError } from '../../../lib/core/base/serialize-error.ts';
import { AttemptTimedOut } from '../../../lib/core/engine/errors.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

/** The declaration of a class that extends another, up to its first member. */
const CLASS = /^(?:export )?class (\w+) extends (\w+) \{(?:\n {2}static \{\n.*?\n {2}\}\n)?([^;]*;)?/gms;

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

test('C2: every error of the package states its name, because minifiers rename classes', async () => {
  const folder = join(import.meta.dirname, '../../../lib');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const classes = texts.flatMap((text) => [...text.matchAll(CLASS)]);
  const named = classes.filter(
    ([, name, , first]) =>
      first?.includes(`name: string = '${name}';`) || first?.includes(`name = '${name}';`),
  );
  const errors = new Set(['CoatcheckError', ...named.map(([, name]) => name)]);
  const unnamed = classes.filter((found) => errors.has(String(found[2])) && !named.includes(found));
  expect(named.length).toBeGreaterThan(80);
  expect(unnamed.map(([, name]) => name)).toEqual([]);
});

test('an unavailable store has what was thrown as its cause, and no cause if the reason came in words', () => {
  const thrown = new Error('ECONNREFUSED');
  expect(serializeError(new StoreUnavailable('The table', thrown)).cause).toMatchObject({
    message: 'ECONNREFUSED',
  });
  const worded = serializeError(new StoreUnavailable('The output queue', 'no server'));
  expect(worded.message).toBe('The output queue is unavailable: no server');
  expect(worded).not.toHaveProperty('cause');
});
