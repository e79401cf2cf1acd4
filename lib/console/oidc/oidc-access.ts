import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { bearer, CoatcheckClient } from '../../client/index.ts';
import { containsValue, type OperatorClaim } from '../../core/config/operator-claim.ts';
import { AccessRefused, type ConsoleAccess, NotSignedIn } from '../access.ts';
import { CONSOLE_RETRY } from '../console-retry.ts';
import type { Html } from '../view/html.ts';
import { claimsOf, subjectOf, type TokenClaims } from './access-token.ts';
import { type PendingSignIn, SignIn, type SignInOptions } from './sign-in.ts';
import { COOKIE, forgetToken, keepToken, tokenOf } from './token-cookie.ts';

/** Where the issuer sends browsers back to, from the root of the console. */
export const SIGNED_IN = '/signed-in';

const SIGN_OUT = '/sign-out';
const SIGNED_OUT = '/signed-out';

/** The cookie of a sign-in that has begun. */
const PENDING = 'coatcheck-sign-in';

/** How long signing in may take. */
const PENDING_SECONDS = 600;

/** Longest address that is gone back to after signing in. */
const MAX_PATH_LENGTH = 2_000;

/** A page that is gone back to. */
interface PendingPage extends PendingSignIn {
  readonly path: string;
}

/** How operators sign in, and what they may do. */
export interface OidcAccessOptions extends SignInOptions {
  /** URL of the API, without /v1. */
  readonly apiUrl: string;
  /** Which tokens are those of operators. */
  readonly operators: OperatorClaim;
  readonly mayAct: boolean;
}

/**
 * Operators sign in at the issuer of the API's tokens. The browser keeps the access token, and each call of the API is made with it: the
 * API decides. There is no refresh token to lose: when the token has expired, the issuer, which has a session of its own, gives another.
 */
export class OidcAccess implements ConsoleAccess {
  readonly #options: OidcAccessOptions;
  readonly #signIn: SignIn;

  constructor(options: OidcAccessOptions) {
    this.#options = options;
    this.#signIn = new SignIn(options);
  }

  readonly signOut = SIGN_OUT;
  readonly howToAct = 'Deploy it with api: { console: { allowActions: true } } to change anything.';

  readonly mayAct = (): boolean => this.#options.mayAct;

  readonly clientOf = (c: Context): CoatcheckClient =>
    new CoatcheckClient({
      baseUrl: this.#options.apiUrl,
      auth: bearer(tokenOf(c) ?? ''),
      retry: CONSOLE_RETRY,
    });

  readonly callerOf = (c: Context): string | undefined => {
    const claims = sessionOf(c);
    return claims && subjectOf(claims);
  };

  readonly guard: MiddlewareHandler = async (c, next) => {
    const call = `${c.req.method} ${c.req.path}`;
    if (call === `GET ${SIGNED_IN}`) return this.#finish(c);
    if (call === `POST ${SIGN_OUT}`) {
      forgetToken(c);
      return c.redirect(SIGNED_OUT, 303);
    }
    const claims = sessionOf(c);
    if (!claims) {
      if (call === `GET ${SIGNED_OUT}`) {
        const text = 'This browser has no session here any more. It may still have one with the issuer.';
        throw new NotSignedIn('Signed out', text, SIGN_IN_LINK);
      }
      if (c.req.method === 'GET' && c.req.header('accept') !== 'text/event-stream') return this.#begin(c);
      const text = 'Nothing was changed. Sign in, then send the form again.';
      throw new NotSignedIn('The session has ended', text, SIGN_IN_LINK);
    }
    this.#assertOperator(claims);
    return next();
  };

  /** The API refuses others, too; this says at once what their token lacks. @throws AccessRefused */
  #assertOperator(claims: TokenClaims): void {
    const { claim, value } = this.#options.operators;
    if (containsValue(claims[claim], value)) return;
    const has = claims[claim] === undefined ? 'no such claim' : JSON.stringify(claims[claim]);
    const text = `The claim ${claim} of your token must contain ${value}; your token has ${has}. Have the administrator of the issuer add you, then sign out and in again.`;
    throw new AccessRefused('This console is for operators', text, SIGN_OUT_FORM);
  }

  async #begin(c: Context) {
    const { url, pending } = await this.#signIn.begin().catch(refuseIssuer);
    const { pathname, search } = new URL(c.req.url);
    const path = `${pathname}${search}`;
    const page: PendingPage = { ...pending, path: path.length > MAX_PATH_LENGTH ? '/' : path };
    const text = Buffer.from(JSON.stringify(page)).toString('base64url');
    setCookie(c, PENDING, text, { ...COOKIE, maxAge: PENDING_SECONDS });
    return c.redirect(url.href, 302);
  }

  /** A code works once here, too: its sign-in is forgotten first. */
  async #finish(c: Context) {
    const pending = pendingOf(getCookie(c, PENDING, COOKIE.prefix));
    deleteCookie(c, PENDING, COOKIE);
    if (!pending) {
      const text = `This sign-in was used already, began in another browser, or took longer than ${PENDING_SECONDS / 60} minutes.`;
      throw new NotSignedIn('Sign in again', text, SIGN_IN_LINK);
    }
    const token = await this.#signIn.finish(new URL(c.req.url), pending).catch(refuseAnswer);
    const claims = claimsOf(token);
    if (!claims) {
      const text =
        'The issuer gave an access token that is no JSON Web Token, which API Gateway rejects. Issuers give one if they are asked for an audience or a resource: see parameters and scopes of api: { console } in the CDK.';
      throw new AccessRefused('No JSON Web Token', text, SIGN_IN_LINK);
    }
    keepToken(c, token, secondsLeft(claims));
    return c.redirect(pending.path, 303);
  }
}

const SIGN_IN_LINK: Html = html`<p><a href="/">Sign in</a></p>`;

const SIGN_OUT_FORM: Html = html`<form method="post" action="${SIGN_OUT}"><button>Sign out</button></form>`;

/** The claims of the browser's token; undefined if it has none, or it has expired. */
function sessionOf(c: Context): TokenClaims | undefined {
  const token = tokenOf(c);
  const claims = token === undefined ? undefined : claimsOf(token);
  return claims && secondsLeft(claims) > 0 ? claims : undefined;
}

function secondsLeft({ exp }: TokenClaims): number {
  return Math.max(Math.floor(exp - Date.now() / 1_000), 0);
}

function pendingOf(text: string | undefined): PendingPage | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function refuseIssuer(error: unknown): never {
  const text = `The issuer can't be asked for a sign-in: ${reasonOf(error)}. Check that issuer of ApiAuth.jwt() is the one of its discovery document.`;
  throw new AccessRefused('The issuer does not answer', text, SIGN_IN_LINK);
}

function refuseAnswer(error: unknown): never {
  throw new AccessRefused('Signing in failed', `${reasonOf(error)}.`, SIGN_IN_LINK);
}

/** What the issuer said, or what is wrong with its answer. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = ['error', 'error_description'].map((name) => Reflect.get(error, name)).filter(Boolean);
  return said.length > 0 ? said.join(': ') : error.message;
}
