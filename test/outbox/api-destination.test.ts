import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { publishToApi } from '../../lib/outbox/api-destination.ts';
import { outboxRow } from '../../lib/outbox/outbox-row.ts';

/** Publishes rows to a server, which gets the body of each call. */
async function publishedTo(answerTo: (body: string) => [status: number, body: string], count: number) {
  let calls = 0;
  const server = createServer(async (request, response) => {
    calls++;
    const [status, answer] = answerTo(await text(request));
    response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new CoatcheckClient({ baseUrl: `http://127.0.0.1:${port}`, retry: { attempts: 1 } });
  const rows = Array.from({ length: count }, (_, nth) => outboxRow(`row ${nth} of ${count}`));
  return { publications: await publishToApi(client, false)(rows), calls: () => calls };
}

const accepted = (body: string): [number, string] => {
  const { requests } = JSON.parse(body);
  const request = { status: 'queued', links: { self: '', result: '', cancel: '' }, attempts: 0 };
  const times = { createdAt: '2026-01-31T12:00:00.000Z', updatedAt: '2026-01-31T12:00:00.000Z' };
  const results = requests.map(({ id }: { id: string }) => ({
    status: 202,
    request: { id, ...request, ...times },
  }));
  return [200, JSON.stringify({ results })];
};

test.each([
  [400, '{"message":"Bad Request"}'],
  // As AWS WAF blocks a call of a REST API: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html
  [403, '{"message":"Forbidden"}'],
])('a row that a proxy rejects the whole call for with %i holds up no other row', async (status, answer) => {
  const { publications, calls } = await publishedTo(
    (body) => (body.includes('row 37 of') ? [status, answer] : accepted(body)),
    100,
  );
  const kept = publications.flatMap((publication, nth) =>
    publication.published ? [] : [[nth, publication]],
  );
  expect(kept).toEqual([
    [37, { published: false, refused: false, reason: expect.stringContaining(String(status)) }],
  ]);
  // One or two for two requests at random, two for each halving, and the row is sent again three times.
  expect(calls()).toBeLessThan(2 * Math.log2(100) + 8);
});

test('a proxy that rejects every call gets three of them, however many rows there are', async () => {
  const { publications, calls } = await publishedTo(() => [400, '{"message":"Bad Request"}'], 100);
  const kept = { published: false, refused: false, reason: expect.stringContaining('400') };
  expect(publications).toEqual(Array.from({ length: 100 }, () => kept));
  expect(calls()).toBe(3);
});

test('a call that does not end is given up by a signal', async () => {
  const stop = new AbortController();
  const server = createServer(() => stop.abort(new Error('The relay stops')));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new CoatcheckClient({ baseUrl: `http://127.0.0.1:${port}`, retry: { attempts: 1 } });
  const publish = publishToApi(client, false, stop.signal);
  expect(await publish([outboxRow('1')])).toEqual([
    { published: false, refused: false, reason: 'The relay stops' },
  ]);
});

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
