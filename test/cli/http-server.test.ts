import { expect, test } from 'vitest';
import { listen } from '../../lib/cli/http-server.ts';

// @hono/node-server 2.1.9 replaces it by default, with one that calls bytes text: see findings/hono-node-server-response-type.sh.
test('a server leaves the Response of its process alone, which handlers use', async () => {
  const platform = globalThis.Response;
  const server = await listen({ host: '127.0.0.1', port: 0, onlyLocal: true });
  expect(globalThis.Response).toBe(platform);
  expect(new Response(new Uint8Array([65])).headers.get('content-type')).toBeNull();
  await server.close();
});

test('a server keeps idle connections longer than load balancers do', async () => {
  const server = await listen({ host: '127.0.0.1', port: 0, onlyLocal: true });
  const { headers } = await fetch(server.url);
  expect(headers.get('keep-alive')).toBe('timeout=620');
  await server.close();
});
