import { expect, test } from 'vitest';
import { PermanentError, SecretUnavailable } from '../../../lib/core/base/errors.ts';
import type { SecretSource } from '../../../lib/core/ports/secrets.ts';
import { defineProcessor, type Handler } from '../../../lib/core/processor/handler.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const KEY = 'sk-live-4eC39HqLyjWDarjtT1zdp7dc';

/** An engine whose processor has one secret. */
function harness(handler: Handler<unknown, 'MODEL_KEY'>, given: Partial<SecretSource> = {}) {
  let doubts = 0;
  const secrets: SecretSource = {
    read: async () => ({ MODEL_KEY: KEY }),
    doubt: () => {
      doubts += 1;
    },
    ...given,
  };
  const engine = new EngineHarness(defineProcessor({ secrets: ['MODEL_KEY'] }, handler), {
    ports: { secrets },
  });
  return Object.assign(engine, { doubts: () => doubts });
}

test('a handler gets its secrets in every attempt', async () => {
  const values = ['first-key', 'second-key'];
  const engine = harness(({ secrets }) => secrets.MODEL_KEY, {
    read: async () => ({ MODEL_KEY: values.shift() ?? '' }),
  });
  await engine.process([requestDelivery('r-1', {})]);
  await engine.process([requestDelivery('r-2', {})]);
  expect(engine.events.map(({ data }) => data)).toEqual(['first-key', 'second-key']);
  expect(engine.doubts()).toBe(0);
});

test('a secret that can’t be read ends the attempt, which is retried and doesn’t count', async () => {
  let called = false;
  const engine = harness(
    () => {
      called = true;
    },
    {
      read: async () => {
        throw new SecretUnavailable('MODEL_KEY', new Error('AccessDenied'));
      },
    },
  );
  const message = requestDelivery('r-1', {});
  expect(await engine.process([message])).toEqual([message.id]);
  expect(called).toBe(false);
  expect(engine.records.all()).toMatchObject([
    {
      record: {
        status: 'queued',
        lastError: {
          code: 'secret_unavailable',
          message: 'The secret MODEL_KEY is unavailable: AccessDenied',
        },
      },
    },
  ]);
});

test('a host without secrets says so', async () => {
  const engine = new EngineHarness(defineProcessor({ secrets: ['MODEL_KEY'] }, () => 1));
  await engine.process([requestDelivery('r-1', {})]);
  expect(JSON.stringify(engine.records.all())).toContain('secret_unavailable');
});

test('after a failure the secrets are in doubt: they may have been replaced', async () => {
  const engine = harness(() => {
    throw new Error('401');
  });
  await engine.process([requestDelivery('r-1', {})]);
  expect(engine.doubts()).toBe(1);
});

test.each([
  [
    'an error that is retried',
    () => {
      throw new Error(`refused: ${KEY}`, { cause: new Error(KEY) });
    },
  ],
  [
    'a permanent error',
    () => {
      throw new PermanentError(`refused: ${KEY}`, { code: KEY, details: { headers: { key: KEY } } });
    },
  ],
  [
    'a stream that breaks',
    async function* () {
      yield 'a';
      throw new PermanentError(`refused: ${KEY}`);
    },
  ],
  ['a log line', ({ logger }) => logger.info(`with ${KEY}`, { KEY })],
  ['a note', (request) => request.progress(0.5, `with ${KEY}`)],
] satisfies [string, Handler][])('no secret leaves the attempt by %s', async (_, handler) => {
  const engine = harness(handler);
  const message = requestDelivery('r-1', {});
  for (let attempt = 0; attempt < 5; attempt++) {
    await engine.process([message]);
    engine.clock.advanceSeconds(3_600);
  }
  const left = [
    engine.output.messages,
    engine.deadLetters.messages,
    engine.records.all(),
    engine.logger.lines,
  ];
  expect(JSON.stringify(left)).toContain('[secret MODEL_KEY]');
  expect(JSON.stringify(left)).not.toContain(KEY);
});
