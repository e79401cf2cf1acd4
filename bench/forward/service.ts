/** An HTTP service that handles 16 calls at a time, each in 10 ms. It sends its port to its parent. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Semaphore } from '../../lib/core/base/semaphore.ts';

const HANDLER_MILLISECONDS = 10;

const slots = new Semaphore(16);
const never = new AbortController().signal;

const server = createServer(async (request, response) => {
  const body = await text(request);
  using _slot = await slots.acquire({}, never);
  await sleep(HANDLER_MILLISECONDS);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
