import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** Receives webhooks on this machine. */
export async function openWebhookReceiver() {
  /** The id and the type of each delivery. */
  const received: { readonly id: string; readonly type: string }[] = [];
  const server = createServer(async (request, response) => {
    const { type } = JSON.parse(await text(request));
    received.push({ id: String(request.headers['webhook-id']), type });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The receiver has no port');
  return {
    received,
    url: `http://127.0.0.1:${address.port}/ended`,
    [Symbol.dispose]: () => {
      server.close();
    },
  };
}
