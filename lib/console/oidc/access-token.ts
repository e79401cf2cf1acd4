/** What an access token says. The API verifies it with each call; here it only decides what a page says. */
export interface TokenClaims {
  readonly [claim: string]: unknown;
  readonly exp: number;
}

/** The claims of a JSON Web Token, unverified; undefined if it is no such token, or has no time at which it expires. */
export function claimsOf(token: string): TokenClaims | undefined {
  const [, payload = ''] = token.split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return hasExpiry(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function hasExpiry(claims: unknown): claims is TokenClaims {
  return typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number';
}

/** Who the token is for. */
export function subjectOf({ sub }: TokenClaims): string | undefined {
  return typeof sub === 'string' ? sub : undefined;
}
