import type { Context, MiddlewareHandler } from 'hono';
import { type CoatcheckClient, CoatcheckError } from '../client/index.ts';
import type { Content } from './view/html.ts';

/** Who may use a console. */
export interface ConsoleAccess {
  /** Lets callers pass, answers those who sign in or out, or throws {@link AccessRefused}. Runs before every page. */
  readonly guard: MiddlewareHandler;
  /** Calls the service for a caller that passed. */
  readonly clientOf: (c: Context) => CoatcheckClient;
  /** Whether the caller may change anything. */
  readonly mayAct: (c: Context) => boolean;
  /** What to do to be allowed to change anything, as a sentence. */
  readonly howToAct: string;
  /** Names a caller in the log. @default - all callers are the same person */
  readonly callerOf?: (c: Context) => string | undefined;
  /** What pages say at their end about who sees them. @default - nothing */
  readonly notice?: string;
  /** Path of the form that ends the session. @default - it ends with the console */
  readonly signOut?: string;
}

/** A caller may not see the console. The message says what to do. */
export class AccessRefused extends CoatcheckError {
  override readonly name: string = 'AccessRefused';
  readonly code = 'access_refused';
  /** 403: signing in would not change it. */
  readonly status: 401 | 403 = 403;
  readonly title: string;
  /** A form or a link below the message. */
  readonly way: Content;

  constructor(title: string, message: string, way?: Content) {
    super(message);
    this.title = title;
    this.way = way;
  }
}

/** A caller has no session, or none that is valid: the way leads to one. HTTP calls that 401. */
export class NotSignedIn extends AccessRefused {
  override readonly name = 'NotSignedIn';
  override readonly status = 401;
}
