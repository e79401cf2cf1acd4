import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import type { CoatcheckClient } from '../../client/index.ts';
import { AccessRefused, type ConsoleAccess, NotSignedIn } from '../../console/access.ts';
import { isLoopback } from '../http-server.ts';

const START = '/start';

/** A link that works once makes a session, in one browser. The session ends with the process. */
export class LoopbackAccess implements ConsoleAccess {
  readonly #client: CoatcheckClient;
  readonly #mayAct: boolean;
  readonly #session = newSecret();
  /** Undefined once it was used. */
  #token: string | undefined = newSecret();

  constructor(client: CoatcheckClient, mayAct: boolean) {
    this.#client = client;
    this.#mayAct = mayAct;
  }

  /** The link, to be used once. @param url of the console */
  startUrl(url: string): string {
    return `${url}${START}?token=${this.#token}`;
  }

  readonly clientOf = (): CoatcheckClient => this.#client;

  readonly mayAct = (): boolean => this.#mayAct;

  readonly howToAct = 'Start it with --allow-actions to change anything.';

  readonly guard: MiddlewareHandler = async (c, next) => {
    assertLoopback(c);
    if (c.req.path === START && c.req.method === 'GET') return this.#start(c);
    const session = getCookie(c, cookieName(c)) ?? '';
    if (isSame(session, this.#session)) return next();
    throw new NotSignedIn(
      'Open the link that was printed',
      'This browser has no session. coatcheck console printed a link when it was started. The link works once: start it again for another one.',
    );
  };

  /** The page leads on by itself: after a redirect from another site, browsers would keep a strict cookie back. */
  #start(c: Context) {
    if (this.#token === undefined || !isSame(c.req.query('token') ?? '', this.#token)) {
      const text =
        'The link works once, in the browser that opened it first. Start coatcheck console again for another one.';
      throw new NotSignedIn('This link was already used, or is invalid', text);
    }
    this.#token = undefined;
    setCookie(c, cookieName(c), this.#session, { httpOnly: true, sameSite: 'Strict', path: '/' });
    c.header('cache-control', 'no-store');
    return c.html(html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=/"><title>Coatcheck</title></head>
<body><main><a href="/">Open the console</a></main></body></html>`);
  }
}

/** Refuses names that lead to this machine and belong to others (DNS rebinding). @throws AccessRefused */
function assertLoopback(c: Context): void {
  if (isLoopback(URL.parse(c.req.url)?.hostname ?? '')) return;
  throw new AccessRefused('Refused', 'Open the console as 127.0.0.1 or localhost.');
}

/** Browsers share cookies between the ports of a host. */
function cookieName(c: Context): string {
  return `coatcheck-console-${new URL(c.req.url).port}`;
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function isSame(given: string, secret: string): boolean {
  const [one, other] = [given, secret].map((text) => Buffer.from(text)) as [Buffer, Buffer];
  return one.length === other.length && timingSafeEqual(one, other);
}
