import type { Auth } from './auth.ts';

/** Calls with a token, a JWT of the API's authorizer say. @param token a function is asked for one at every call */
export function bearer(token: string | (() => string | Promise<string>)): Auth {
  const current = typeof token === 'string' ? () => token : token;
  return async () => ({ headers: { authorization: `Bearer ${await current()}` } });
}
