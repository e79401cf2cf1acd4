import { Hono } from 'hono';
import { relativePath } from './view/relative-links.ts';

/** Serves a console below a path. @param path without a slash at its end */
export function mountConsole(path: string, served: Hono): Hono {
  const app = new Hono();
  // Relative, so that it leads below a path that a proxy has taken off.
  const name = path.slice(path.lastIndexOf('/') + 1);
  app.get(path, (c) => c.redirect(`${name}/${relativePath('/', '/').slice(2)}`, 302));
  app.mount(path, served.fetch);
  return app;
}
