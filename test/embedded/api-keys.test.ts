import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { ProblemError } from '../../lib/api/problem.ts';
import { type ApiKeys, callerByKey } from '../../lib/embedded/api-keys.ts';

const CALLER_KEY = 'c'.repeat(32);
const OPERATOR_KEY = 'o'.repeat(32);

const KEYS = { callers: [CALLER_KEY], operators: [OPERATOR_KEY] };

async function answerTo(authorization: string, keys: ApiKeys = KEYS): Promise<unknown> {
  const callerOf = callerByKey(keys);
  const app = new Hono().get('/', (c) => c.json(callerOf(c)));
  app.onError((error, c) => c.json(error instanceof ProblemError ? error.problem.code : String(error)));
  return (await app.request('/', { headers: { authorization } })).json();
}

test('the key says whether a caller is an operator', async () => {
  expect(await answerTo(`Bearer ${CALLER_KEY}`)).toMatchObject({ isOperator: false });
  expect(await answerTo(`bearer  ${OPERATOR_KEY} `)).toMatchObject({ isOperator: true });
  expect(await answerTo(`Bearer ${OPERATOR_KEY}x`)).toBe('unauthorized');
});

test('a key that is listed as both is the key of an operator', async () => {
  const keys = { callers: [CALLER_KEY], operators: [CALLER_KEY] };
  expect(await answerTo(`Bearer ${CALLER_KEY}`, keys)).toMatchObject({ isOperator: true });
});

test('a caller has a name that tells it from others, and contains nothing of its key', async () => {
  // printf cccccccccccccccccccccccccccccccc | sha256sum
  expect(await answerTo(`Bearer ${CALLER_KEY}`)).toMatchObject({ name: 'key cd93782b' });
});
