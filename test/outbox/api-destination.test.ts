import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { publishToApi } from '../../lib/outbox/api-destination.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';

/** Publishes two rows to a server that answers every call in the same way. */
async function publications(status: number, contentType: string, body: string) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status, { 'content-type': contentType }).end(body));
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new CoatcheckClient({ baseUrl: `http://127.0.0.1:${port}`, retry: { attempts: 1 } });
  return publishToApi(client, false)([outboxRow('1'), outboxRow('2')]);
}

const problem = (status: number, code: string) =>
  JSON.stringify({ type: 'about:blank', title: 'Problem', status, code });

test.each([
  [400, 'text/html', '<h1>Bad Request</h1>'],
  [403, 'text/html', '<h1>Forbidden</h1>'],
  [405, 'application/json', '{"message":"Method Not Allowed"}'],
  [408, 'text/plain', ''],
  [409, 'application/problem+json', problem(409, 'idempotency_conflict')],
  [425, 'text/plain', ''],
  [429, 'application/json', '{"message":"Too Many Requests"}'],
  [503, 'text/html', '<h1>Service Unavailable</h1>'],
])('no row is refused by an answer %i of a proxy, or one that passes', async (...answer) => {
  const kept = { published: false, refused: false, reason: expect.stringContaining(String(answer[0])) };
  expect(await publications(...answer)).toEqual([kept, kept]);
});

test.each([
  [413, 'text/html', '<h1>Request Entity Too Large</h1>'],
  [422, 'application/problem+json', problem(422, 'topic_unknown')],
])('a row is refused by an answer %i', async (...answer) => {
  const refused = { published: false, refused: true, reason: expect.stringContaining(String(answer[0])) };
  expect(await publications(...answer)).toEqual([refused, refused]);
});
