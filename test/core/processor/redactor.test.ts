import { describe, expect, test } from 'vitest';
import { PermanentError, RetryLater } from '../../../lib/core/base/errors.ts';
import { summarizeError } from '../../../lib/core/base/serialize-error.ts';
import { Redactor } from '../../../lib/core/processor/redactor.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';

const KEY = 'sk-"live" 4eC39H';
const redactor = new Redactor({ MODEL_KEY: KEY, PIN: '1234' });

describe('a text loses the value', () => {
  test.each([
    ['as it is', `no access with ${KEY}!`, 'no access with [secret MODEL_KEY]!'],
    ['twice', `${KEY}${KEY}`, '[secret MODEL_KEY][secret MODEL_KEY]'],
    ['inside of JSON', JSON.stringify({ key: KEY }), '{"key":"[secret MODEL_KEY]"}'],
    ['in a URL', `https://m/?key=${encodeURIComponent(KEY)}&x`, 'https://m/?key=[secret MODEL_KEY]&x'],
    ['unless it is short', 'pin 1234', 'pin 1234'],
  ])('%s', (_, text, expected) => {
    expect(redactor.text(text)).toBe(expected);
  });
});

test('the texts of a JSON secret are removed one by one, the longest first', () => {
  const login = JSON.stringify({ user: 'reporting', password: 'reporting-2026', port: 5432, engine: 'pg' });
  const json = new Redactor({ DB: login });
  expect(json.text(`reporting-2026 for reporting at pg:5432; ${login}`)).toBe(
    '[secret DB] for [secret DB] at pg:5432; [secret DB]',
  );
  expect(new Redactor({ DB: '{"broken": reporting' }).text('reporting')).toBe('reporting');
});

test('an error stays the same error, without the value in what is read of it', () => {
  const cause = new AggregateError([new Error(KEY)], `refused ${KEY}`);
  const error = new PermanentError(`bad ${KEY}`, {
    code: `c-${KEY}`,
    details: { tried: [KEY], left: 2 },
    cause,
  });
  cause.cause = error;
  expect(redactor.error(error)).toBe(error);
  expect(error).toMatchObject({
    message: 'bad [secret MODEL_KEY]',
    code: 'c-[secret MODEL_KEY]',
    details: { tried: ['[secret MODEL_KEY]'], left: 2 },
  });
  expect(
    JSON.stringify([summarizeError(error), error.stack, cause.stack, cause.errors[0].stack]),
  ).not.toContain('live');
});

test('what is thrown may be anything', () => {
  expect(redactor.error(KEY)).toBe('[secret MODEL_KEY]');
  expect(redactor.error(undefined)).toBeUndefined();
  expect(redactor.error({ status: 401, key: KEY })).toEqual({ status: 401, key: '[secret MODEL_KEY]' });
  const untouched = { body: new Map(), retry: () => 1 };
  expect(redactor.error(untouched)).toBe(untouched);
});

test('an error that can’t be changed is replaced', () => {
  const frozen = Object.freeze(new RetryLater(5, `busy ${KEY}`));
  expect(redactor.error(frozen)).toEqual(new Error('busy [secret MODEL_KEY]'));
});

test('a logger and its children write lines without the value', () => {
  const collecting = new CollectingLogger();
  const logger = redactor.logger(collecting).child({ with: KEY });
  const when = new Date(0);
  logger.debug(KEY);
  logger.info('call', { headers: { authorization: `Bearer ${KEY}` }, big: 5n });
  logger.warn('left alone', { when });
  logger.error('failed', { error: new Error(`refused ${KEY}`) });
  const cycle: Record<string, unknown> = { key: KEY };
  cycle.self = cycle;
  logger.info('cycle', cycle);
  expect(JSON.stringify(collecting.lines)).not.toContain('live');
  expect(collecting.lines).toMatchObject([
    { level: 'debug', message: '[secret MODEL_KEY]', fields: { with: '[secret MODEL_KEY]' } },
    { level: 'info', fields: { headers: { authorization: 'Bearer [secret MODEL_KEY]' }, big: '5' } },
    { level: 'warn', fields: { when } },
    { level: 'error', fields: { error: { name: 'Error', message: 'refused [secret MODEL_KEY]' } } },
    { level: 'info', fields: { omitted: expect.any(String) } },
  ]);
});

test('without secrets a logger is used as it is', () => {
  const logger = new CollectingLogger();
  expect(new Redactor({}).logger(logger)).toBe(logger);
});
