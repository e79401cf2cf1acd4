import { expect, test } from 'vitest';
import { bearer } from '../../../lib/client/auth/bearer.ts';

const CALL = { method: 'GET', url: new URL('https://example.com/'), headers: {}, followed: false };

test('sends the token with every call', async () => {
  expect(await bearer('t')(CALL)).toEqual({ headers: { authorization: 'Bearer t' } });
});

test('calls a token function for every call', async () => {
  let round = 0;
  const auth = bearer(async () => `t${++round}`);
  await auth(CALL);
  expect(await auth(CALL)).toEqual({ headers: { authorization: 'Bearer t2' } });
});
