import type { Context, MiddlewareHandler } from 'hono';
import { CoatcheckError } from '../client/index.ts';

/** Who may use a console. */
export interface ConsoleAccess {
  /** Lets callers pass, or throws {@link AccessRefused}. Runs before every page. */
  readonly guard: MiddlewareHandler;
  /** Whether the caller may change anything. */
  readonly mayAct: (c: Context) => boolean;
}

/** A caller may not see the console. The message says what to do. */
export class AccessRefused extends CoatcheckError {
  override readonly name = 'AccessRefused';
  readonly code = 'access_refused';
  readonly title: string;

  constructor(title: string, message: string) {
    super(message);
    this.title = title;
  }
}
