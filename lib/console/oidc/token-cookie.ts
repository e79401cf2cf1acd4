import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { AccessRefused } from '../access.ts';

/** Most bytes of a cookie, with its name and attributes, that browsers keep are 4,096. */
const PART_LENGTH = 3_800;

/** API Gateway takes 10,240 bytes of headers, some of which are others. */
const MAX_PARTS = 2;

/** The cookies of the parts of a token. */
const NAMES = Array.from({ length: MAX_PARTS }, (_, index) => `coatcheck-token-${index}`);

/** Scripts and other sites don't get it. It is sent after the redirect back from the issuer, as Strict wouldn't be. */
export const COOKIE = { prefix: 'host', secure: true, path: '/', httpOnly: true, sameSite: 'Lax' } as const;

/** The token of the browser's session. */
export function tokenOf(c: Context): string | undefined {
  const parts = NAMES.map((name) => getCookie(c, name, COOKIE.prefix) ?? '');
  return parts.join('') || undefined;
}

/** @param maxAge in seconds @throws AccessRefused if it is too long */
export function keepToken(c: Context, token: string, maxAge: number): void {
  if (token.length > PART_LENGTH * MAX_PARTS) {
    throw new AccessRefused(
      'The token is too long',
      `The access token has ${token.length} characters, and ${PART_LENGTH * MAX_PARTS} fit into cookies. Have the issuer put less into it, such as fewer groups.`,
    );
  }
  NAMES.forEach((name, index) => {
    const part = token.slice(index * PART_LENGTH, (index + 1) * PART_LENGTH);
    if (part === '') deleteCookie(c, name, COOKIE);
    else setCookie(c, name, part, { ...COOKIE, maxAge });
  });
}

/** Ends the session. */
export function forgetToken(c: Context): void {
  for (const name of NAMES) deleteCookie(c, name, COOKIE);
}
