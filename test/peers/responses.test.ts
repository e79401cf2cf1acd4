import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromFetch } from '../../lib/core/processor/from-fetch.ts';
import { requestDelivery } from '../support/delivery.ts';
import { EngineHarness } from '../support/engine-harness.ts';
import { INSTALL_TIMEOUT_MILLISECONDS } from '../support/peers/installation.ts';
import { installJsPeers, type JsPeers } from '../support/peers/js.ts';

/** What a library for HTTP calls exports. */
interface Library {
  readonly Response: typeof Response;
  readonly fetch?: typeof fetch;
  readonly default?: typeof fetch;
}

/** Answers a path by its number. */
const server = createServer(({ url = '/200' }, response) => {
  response.writeHead(Number(url.slice(1)), { 'content-type': 'text/csv', 'retry-after': '120' }).end('a,b');
});

let peers: JsPeers;
beforeAll(async () => {
  peers = await installJsPeers();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, INSTALL_TIMEOUT_MILLISECONDS);
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** One request whose handler does so. */
async function outcomeOf(handler: () => unknown) {
  const harness = new EngineHarness(handler);
  const again = await harness.process([requestDelivery('r-1')]);
  return { again, event: harness.events[0], delays: harness.delays };
}

// The Response of none of them is an instance of Node's class.
describe.each(['undici-7', 'undici-8', 'node-fetch-2', 'node-fetch-3', 'cross-fetch', '@whatwg-node/fetch'])(
  'B1: the answer to a call by %s',
  (name) => {
    function call(status: number): Promise<Response> {
      const { fetch, default: main } = peers.load<Library>(name);
      const { port } = server.address() as AddressInfo;
      const send = fetch ?? main;
      if (!send) throw new Error(`${name} has no fetch`);
      return send(`http://127.0.0.1:${port}/${status}`);
    }

    test('is the result, when it is a success', async () => {
      expect(await outcomeOf(() => call(200))).toMatchObject({
        again: [],
        event: { type: 'coatcheck.request.succeeded', datacontenttype: 'text/csv', data: 'a,b' },
      });
    });

    test('fails the request at 404, and is tried again at 500 and 429', async () => {
      expect(await outcomeOf(() => call(404))).toMatchObject({
        again: [],
        event: { data: { code: 'service_refused', details: { status: 404, body: 'a,b' } } },
      });
      for (const status of [500, 429]) {
        expect(await outcomeOf(() => call(status))).toMatchObject({
          again: ['message-r-1'],
          delays: { 'message-r-1': 120 },
        });
      }
    });

    test('inside an object fails the request at once', async () => {
      expect(await outcomeOf(async () => ({ answers: [await call(200)] }))).toMatchObject({
        again: [],
        event: { data: { code: 'result_invalid', detail: expect.stringContaining('result.answers[0]') } },
      });
    });

    test('fails the request at once when it was read, unless it can be read twice', async () => {
      const { again, event } = await outcomeOf(async () => {
        const response = await call(200);
        await response.text();
        return response;
      });
      expect(again).toEqual([]);
      // @whatwg-node/fetch 0.12.1 keeps what was read, and says that it wasn't.
      if (name === '@whatwg-node/fetch') expect(event?.data).toBe('a,b');
      else expect(event?.data).toMatchObject({ code: 'result_invalid', attempts: 1 });
    });
  },
);

test.each([
  ['undici-8', 'text', 'text/plain;charset=UTF-8'],
  // Its body is a Buffer, not a stream.
  ['node-fetch-2', 'text', 'text/plain;charset=UTF-8'],
  ['node-fetch-3', 'text', 'text/plain;charset=UTF-8'],
  ['fets', 'text', 'text/plain;charset=UTF-8'],
  ['fets', null, 'application/octet-stream'],
])('B1: a Response made by %s of %j is the result', async (name, body, datacontenttype) => {
  const { event } = await outcomeOf(() => new (peers.load<Library>(name).Response)(body));
  expect(event).toMatchObject({ type: 'coatcheck.request.succeeded', datacontenttype });
});

test('B1: an application in feTS is a processor', async () => {
  const { createRouter, Response: FetsResponse } = peers.load<
    Library & {
      createRouter(): {
        route(route: object): { fetch(request: Request): Promise<Response> };
      };
    }
  >('fets');
  const router = createRouter().route({
    method: 'POST',
    path: '/length',
    handler: async (request: Request) => FetsResponse.json({ length: (await request.text()).length }),
  });
  const handler = fromFetch((request) => router.fetch(request), { path: '/length' });
  const harness = new EngineHarness(handler);
  await harness.process([requestDelivery('r-1', { x: 4 })]);
  expect(harness.event.data).toEqual({ length: 7 });
});
