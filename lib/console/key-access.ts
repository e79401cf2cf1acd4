import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import type { CoatcheckClient } from '../client/index.ts';
import { AccessRefused, type ConsoleAccess, NotSignedIn } from './access.ts';
import { formOf } from './form.ts';
import type { Html } from './view/html.ts';

const SIGN_IN = '/sign-in';
const SIGN_OUT = '/sign-out';

/** A path with a query, as URLs and headers have it. */
const PAGE = /^\/[!-~]*$/;

/** A key, and whose it is. */
export interface KnownKey {
  readonly isOperator: boolean;
  /** Names it in the log. */
  readonly name: string;
}

/** How operators sign in with keys, and what they may do. */
export interface KeyAccessOptions {
  /** Undefined for a key that the service doesn't have. */
  readonly find: (key: string) => KnownKey | undefined;
  /** Calls the service with a key. */
  readonly clientFor: (key: string) => CoatcheckClient;
  readonly mayAct: boolean;
  readonly howToAct: string;
  /** Whether only this machine reaches a host: a cookie then needs no TLS. */
  readonly isLocal: (host: string) => boolean;
}

/** Operators sign in with a key of the service, which the browser keeps. Each call of the API is made with it. */
export class KeyAccess implements ConsoleAccess {
  readonly #options: KeyAccessOptions;

  constructor(options: KeyAccessOptions) {
    this.#options = options;
  }

  readonly signOut = SIGN_OUT;

  get howToAct(): string {
    return this.#options.howToAct;
  }

  readonly mayAct = (): boolean => this.#options.mayAct;

  readonly clientOf = (c: Context): CoatcheckClient => this.#options.clientFor(this.#keyOf(c));

  readonly callerOf = (c: Context): string | undefined => this.#options.find(this.#keyOf(c))?.name;

  readonly guard: MiddlewareHandler = async (c, next) => {
    const call = `${c.req.method} ${c.req.path}`;
    if (call === `POST ${SIGN_IN}`) return this.#signIn(c);
    if (call === `POST ${SIGN_OUT}`) {
      deleteCookie(c, cookieName(c), { path: '/' });
      return c.redirect('/', 303);
    }
    if (this.#options.find(this.#keyOf(c))?.isOperator) return next();
    throw new NotSignedIn(
      'Sign in',
      'The console is for operators. Enter one of COATCHECK_OPERATOR_KEYS.',
      formFor(pathOf(c)),
    );
  };

  async #signIn(c: Context) {
    const form = await formOf(c);
    const [key, path] = ['key', 'path'].map((name) => String(form.get(name) ?? '').trim()) as [
      string,
      string,
    ];
    const known = this.#options.find(key);
    if (!known?.isOperator) {
      const [Refused, what] = known
        ? [AccessRefused, 'a key of a caller, who is no operator']
        : [NotSignedIn, 'no key of this service'];
      throw new Refused('Sign in', `This is ${what}. Enter one of COATCHECK_OPERATOR_KEYS.`, formFor(path));
    }
    const secure = !this.#options.isLocal(new URL(c.req.url).hostname);
    setCookie(c, cookieName(c), key, { httpOnly: true, sameSite: 'Strict', path: '/', secure });
    return c.redirect(PAGE.test(path) ? path : '/', 303);
  }

  #keyOf(c: Context): string {
    return getCookie(c, cookieName(c)) ?? '';
  }
}

/** Browsers share cookies between the ports of a host. */
function cookieName(c: Context): string {
  return `coatcheck-key-${new URL(c.req.url).port}`;
}

/** The page that is gone back to after signing in, encoded: a header takes no other characters. */
function pathOf({ req }: Context): string {
  const { pathname, search } = new URL(req.url);
  return req.method === 'GET' ? `${pathname}${search}` : '/';
}

/** After a link on another site, browsers keep a strict cookie back. */
function formFor(path: string): Html {
  return html`<form method="post" action="${SIGN_IN}" class="action">
<input type="hidden" name="path" value="${path}">
<label>Key <input type="password" name="key" required autocomplete="current-password" spellcheck="false" size="40"></label>
<button>Sign in</button></form>
<p class="hint">If you followed a link and have signed in before, <a href="${PAGE.test(path) ? path : '/'}">open the page again</a>.</p>`;
}
