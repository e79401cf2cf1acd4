import { html } from 'hono/html';

/** Escaped HTML. */
export type Html = ReturnType<typeof html>;

/** What a template takes: texts are escaped; undefined and false are nothing. */
export type Content = Html | string | number | undefined | false;

/** Nothing. */
export const NOTHING: Html = html``;
