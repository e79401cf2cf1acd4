import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Handler } from 'hono';
import { html } from 'hono/html';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { AccessRefused } from './access.ts';
import type { AssetPaths } from './assets.ts';
import { formOf } from './form.ts';
import type { ConsoleOptions, Render, View, ViewContext } from './parts.ts';
import type { Html } from './view/html.ts';
import { bareLayoutOf, layoutOf } from './view/layout.ts';
import { introOf, problemOf, problemView } from './view/problem.ts';
import { withRelativeLinks } from './view/relative-links.ts';

/** Time between two looks of a live page at the service. */
const LIVE_MILLISECONDS = 3_000;

/** The same where each look is a call of the browser. */
const POLL_MILLISECONDS = 5_000;

/** Serves views: as documents, and to `Accept: text/event-stream` as a stream that follows changes. */
export class Pages {
  readonly #parts: ConsoleOptions;
  readonly #assets: AssetPaths;

  constructor(parts: ConsoleOptions, assets: AssetPaths) {
    this.#parts = parts;
    this.#assets = assets;
  }

  /** Answers GET with a view. */
  show(render: Render): Handler {
    return (c) =>
      c.req.header('accept') === 'text/event-stream' ? this.#event(c, render) : this.#document(c, render);
  }

  /** Answers POST: acts, then leads to a page. @param act returns the path of the page */
  act(act: (context: ViewContext, form: FormData) => Promise<string>): Handler {
    return async (c) => {
      const { context, noteCaller } = this.#callOf(c);
      const form = await formOf(c);
      try {
        const path = await act(context, form);
        context.parts.log(`done: POST ${c.req.path}`);
        noteCaller();
        return c.redirect(path, 303);
      } catch (error) {
        const view = this.#problemOf(error);
        this.#parts.log(`refused: POST ${c.req.path}`);
        return this.#answer(c, { ...view, live: false });
      }
    };
  }

  /** Answers with a view that depends on nothing. */
  answer(c: Context, view: View): Promise<Response> {
    return this.#answer(c, view);
  }

  /** Answers a caller that may not see pages. */
  refuse(c: Context, { title, message, way, status }: AccessRefused): Promise<Response> {
    // A 401 names a scheme. Browsers ask for a password themselves by schemes that they know, such as Basic, and show the page by others.
    if (status === 401) c.header('www-authenticate', 'Cookie realm="Coatcheck console"');
    const text = status === 401 ? introOf(title, message) : problemOf(title, message);
    return this.#send(c, bareLayoutOf(title, html`${text}${way}`, this.#assets), status);
  }

  /** Says that a page failed, by a fault of the console. */
  reportFailure(error: Error): void {
    this.#parts.log(`a page failed: ${error.stack ?? error.message}`);
  }

  /** The view of a page that doesn't exist. */
  notFound(c: Context): Promise<Response> {
    const main = problemOf('No such page', `There is no page ${c.req.path}.`);
    return this.#answer(c, { title: 'No such page', status: 404, main });
  }

  async #document(c: Context, render: Render): Promise<Response> {
    return this.#answer(c, await this.#viewOf(c, render));
  }

  #answer(c: Context, { title, main, status = 200, live = false }: View): Promise<Response> {
    const { shell, access } = this.#parts;
    const { path } = c.req;
    const { search } = new URL(c.req.url);
    const document = layoutOf({
      title,
      main,
      path,
      url: `${path}${search}`,
      live,
      mayAct: access.mayAct(c),
      signOut: access.signOut,
      notice: access.notice,
      service: shell.url.replace(/^https?:\/\//, ''),
      assets: this.#assets,
    });
    return this.#send(c, document, status);
  }

  async #send(c: Context, document: Html, status: NonNullable<View['status']>): Promise<Response> {
    return c.html(withRelativeLinks(String(await document), c.req.path), status);
  }

  #event(c: Context, render: Render): Response | Promise<Response> {
    return this.#parts.streams === false ? this.#eventNow(c, render) : this.#follow(c, render);
  }

  /** A stream of one event: the browser asks again. */
  async #eventNow(c: Context, render: Render): Promise<Response> {
    const lines = (await this.#mainOf(c, render)).split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
    return c.body(`retry: ${POLL_MILLISECONDS}\n${lines.join('')}\n`, 200, {
      'content-type': 'text/event-stream; charset=utf-8',
    });
  }

  /** Sends the main part whenever it has changed, until the browser closes the stream. */
  #follow(c: Context, render: Render): Response {
    const follow = async (stream: SSEStreamingApi) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const signal = AbortSignal.any([gone.signal, ...(this.#parts.signal ? [this.#parts.signal] : [])]);
      let latest = '';
      while (!signal.aborted) {
        const text = await this.#mainOf(c, render, signal);
        if (text !== latest) await stream.writeSSE({ data: text });
        latest = text;
        await sleep(LIVE_MILLISECONDS, undefined, { signal }).catch(() => {});
      }
    };
    // Also called for the calls that end with the stream.
    return streamSSE(c, follow, async (error) => {
      if (!c.req.raw.signal.aborted && !this.#parts.signal?.aborted) this.reportFailure(error);
    });
  }

  async #mainOf(c: Context, render: Render, signal?: AbortSignal): Promise<string> {
    const { main } = await this.#viewOf(c, render, signal);
    return withRelativeLinks(String(await html`${main}`), c.req.path);
  }

  async #viewOf(c: Context, render: Render, signal?: AbortSignal): Promise<View> {
    try {
      const { context, noteCaller } = this.#callOf(c, signal);
      const view = await render(context);
      noteCaller();
      return view;
    } catch (error) {
      return this.#problemOf(error);
    }
  }

  #problemOf(error: unknown): View {
    return problemView(error, this.#parts.remedy);
  }

  /** What is logged about a caller is written when the service has answered: before, it isn't certain who calls. */
  #callOf(c: Context, signal = c.req.raw.signal): { context: ViewContext; noteCaller: () => void } {
    const { access } = this.#parts;
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const parts = { ...this.#parts, client: access.clientOf(c), log };
    return {
      context: { c, parts, now: Date.now(), signal, mayAct: access.mayAct(c) },
      noteCaller: () => {
        for (const line of lines) this.#parts.log(line, access.callerOf?.(c));
      },
    };
  }
}
