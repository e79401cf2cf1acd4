import type { Context } from 'hono';
import type { CoatcheckClient } from '../client/index.ts';
import type { ConsoleAccess } from './access.ts';
import type { Shell } from './view/commands.ts';
import type { Content } from './view/html.ts';

/** What a console is made of. */
export interface ConsoleOptions {
  /** Who may use it. The retries of its clients should take a few seconds at most: an operator waits for them. */
  readonly access: ConsoleAccess;
  /** How the service is reached from a shell, for the commands that the pages show. */
  readonly shell: Shell;
  /** Version of the console. */
  readonly version: string;
  /** What to do when the service rejects the credentials. @default - only its own words are shown */
  readonly remedy?: (status: number) => string;
  /** Records that an operator looked at the payload or the result of a request, or changed something. */
  readonly log: (line: string, caller?: string) => void;
  /** Where operators find these records, such as `the log of the service`. */
  readonly logPlace: string;
  /** Whether an answer can last. If not, the browser asks again and again for what has changed. @default true */
  readonly streams?: boolean;
  /** Ends live pages when it fires, so that the server can stop. @default - they end with their connections */
  readonly signal?: AbortSignal;
}

/** What a view is made from, apart from the call. */
export interface ViewParts extends ConsoleOptions {
  /** Calls the service for the caller. */
  readonly client: CoatcheckClient;
}

/** What a page shows between the navigation and the end. */
export interface View {
  readonly title: string;
  readonly main: Content;
  /** HTTP status. @default 200 */
  readonly status?: 200 | 401 | 403 | 404 | 422 | 502 | 503;
  /** Whether the page follows changes. @default false */
  readonly live?: boolean;
}

/** What a view is made from. */
export interface ViewContext {
  readonly c: Context;
  readonly parts: ViewParts;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Fires when the browser has gone. */
  readonly signal: AbortSignal;
  /** Whether buttons are shown. The server refuses actions anyway. */
  readonly mayAct: boolean;
}

/** Makes a view. What it throws becomes the view of a problem. */
export type Render = (context: ViewContext) => Promise<View>;
