import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, Handler } from 'hono';
import { html } from 'hono/html';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { AssetPaths } from './assets.ts';
import type { ConsoleOptions, Render, View, ViewContext } from './parts.ts';
import { bareLayoutOf, layoutOf } from './view/layout.ts';
import { problemOf, problemView } from './view/problem.ts';

/** Time between two looks of a live page at the service. */
const LIVE_MILLISECONDS = 3_000;

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
      c.req.header('accept') === 'text/event-stream' ? this.#follow(c, render) : this.#document(c, render);
  }

  /** Answers POST: acts, then leads to a page. @param act returns the path of the page */
  act(act: (context: ViewContext, form: FormData) => Promise<string>): Handler {
    return async (c) => {
      const context = this.#contextOf(c);
      const { log } = this.#parts;
      try {
        const path = await act(context, await c.req.formData());
        log(`done: POST ${c.req.path}`);
        return c.redirect(path, 303);
      } catch (error) {
        const view = this.#problemOf(error);
        log(`refused: POST ${c.req.path}`);
        return this.#answer(c, { ...view, live: false });
      }
    };
  }

  /** Answers with a view that depends on nothing. */
  answer(c: Context, view: View): Response | Promise<Response> {
    return this.#answer(c, view);
  }

  /** Answers a caller that may not see pages. */
  refuse(c: Context, title: string, detail: string): Response | Promise<Response> {
    return c.html(bareLayoutOf(title, problemOf(title, detail), this.#assets), 403);
  }

  /** Says that a page failed, by a fault of the console. */
  reportFailure(error: Error): void {
    this.#parts.log(`a page failed: ${error.stack ?? error.message}`);
  }

  /** The view of a page that doesn't exist. */
  notFound(c: Context): Response | Promise<Response> {
    const main = problemOf('No such page', `There is no page ${c.req.path}.`);
    return this.#answer(c, { title: 'No such page', status: 404, main });
  }

  async #document(c: Context, render: Render): Promise<Response> {
    return this.#answer(c, await this.#viewOf(c, render));
  }

  #answer(c: Context, { title, main, status = 200, live = false }: View): Response | Promise<Response> {
    const { shell, access } = this.#parts;
    const { pathname, search } = new URL(c.req.url);
    const document = layoutOf({
      title,
      main,
      path: pathname,
      url: `${pathname}${search}`,
      live,
      mayAct: access.mayAct(c),
      service: shell.url.replace(/^https?:\/\//, ''),
      assets: this.#assets,
    });
    return c.html(document, status);
  }

  /** Sends the main part whenever it has changed, until the browser closes the stream. */
  #follow(c: Context, render: Render): Response {
    const follow = async (stream: SSEStreamingApi) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const signal = AbortSignal.any([gone.signal, ...(this.#parts.signal ? [this.#parts.signal] : [])]);
      let latest = '';
      while (!signal.aborted) {
        const { main } = await this.#viewOf(c, render, signal);
        const text = String(await html`${main}`);
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

  async #viewOf(c: Context, render: Render, signal?: AbortSignal): Promise<View> {
    try {
      return await render(this.#contextOf(c, signal));
    } catch (error) {
      return this.#problemOf(error);
    }
  }

  #problemOf(error: unknown): View {
    return problemView(error, this.#parts.remedy);
  }

  #contextOf(c: Context, signal = c.req.raw.signal): ViewContext {
    return { c, parts: this.#parts, now: Date.now(), signal, mayAct: this.#parts.access.mayAct(c) };
  }
}
