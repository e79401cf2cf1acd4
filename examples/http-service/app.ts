import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { textStatistics } from './text-statistics.ts';

const MAX_TEXT_BYTES = 1_048_576;

/** An ordinary HTTP service, unaware of queues. */
export const app = new Hono();

app.get('/', (c) => c.text('POST a text (text/plain, UTF-8) and get its statistics as JSON.\n'));

app.post(
  '/',
  bodyLimit({
    maxSize: MAX_TEXT_BYTES,
    onError: (c) => c.json({ error: `The text has more than ${MAX_TEXT_BYTES} bytes` }, 413),
  }),
  async (c) => {
    const type = c.req.header('content-type') ?? 'text/plain';
    if (!type.startsWith('text/')) return c.json({ error: `A text is expected, got ${type}` }, 415);
    const text = decoded(await c.req.arrayBuffer());
    if (text === undefined) return c.json({ error: 'The text is not UTF-8' }, 400);
    return c.json(textStatistics(text));
  },
);

/** Deno, Bun and Cloudflare Workers serve the default export. */
export default app;

function decoded(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
