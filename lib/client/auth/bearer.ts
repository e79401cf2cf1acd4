import type { Auth } from './auth.ts';

/** Authenticates with a bearer token, such as a JWT. @param token a token, or a function that returns one for every call */
export function bearer(token: string | (() => string | Promise<string>)): Auth {
  const current = typeof token === 'string' ? () => token : token;
  return async () => ({ headers: { authorization: `Bearer ${await current()}` } });
}
