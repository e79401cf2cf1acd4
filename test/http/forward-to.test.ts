import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as setTimeoutOf } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import { CALL_PARTS } from '../../lib/core/model/http-call.ts';
import { type ForwardOptions, forwardTo } from '../../lib/http/forward-to.ts';
import { freePort } from '../local/free-port.ts';
import { delivery, requestDelivery } from '../support/delivery.ts';
import { EngineHarness } from '../support/engine-harness.ts';
import { eventually } from '../support/eventually.ts';
import { statusOf } from '../support/outcome-event.ts';
import { s3Event, s3Record } from '../support/s3-records.ts';
import { TRUEFOUNDRY_SAMPLES } from '../support/truefoundry-samples.ts';
import { httpsReceiver } from '../webhooks/receiver.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Starts a service. @returns its address */
async function serve(listener: RequestListener, port = 0, host = '127.0.0.1'): Promise<string> {
  // It never closes an idle connection.
  const server = createServer({ keepAliveTimeout: 0 }, listener);
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const { port: chosen } = server.address() as AddressInfo;
  return host.includes(':') ? `http://[${host}]:${chosen}` : `http://${host}:${chosen}`;
}

/** Starts a server that writes its responses itself. @returns its address */
async function serveTcp(talk: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    talk(socket);
  });
  ends.push(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function respond(response: ServerResponse, status: number, body: string, headers = {}): void {
  response.writeHead(status, headers).end(body);
}

function harnessFor(url: string, options?: ForwardOptions): EngineHarness {
  return new EngineHarness(forwardTo(url, options));
}

/** Runs one request. @returns its outcome, and whether and when its message comes back */
async function run(harness: EngineHarness, payload: unknown = { x: 6 }) {
  const process = await harness.process([requestDelivery('r-1', payload)]);
  return { process, delays: harness.delays };
}

function putUpload(harness: EngineHarness, body: string | Buffer, contentType = 'text/csv') {
  harness.store.put('requests/a', body, { contentType });
  return delivery(s3Event(s3Record({ key: 'requests/a', size: body.length })));
}

test('the service gets the payload and the request’s data, and its response is the result', async () => {
  let got: IncomingMessage | undefined;
  const url = await serve(async (request, response) => {
    got = request;
    respond(response, 201, JSON.stringify({ product: JSON.parse(await text(request)).x * 7 }), {
      'content-type': 'application/json',
    });
  });
  const harness = harnessFor(`${url}/process?model=a`);
  expect((await run(harness)).process).toEqual([]);
  expect(harness.event).toMatchObject({
    subject: 'r-1',
    datacontenttype: 'application/json',
    data: { product: 42 },
  });
  const { host } = new URL(url);
  expect(got).toMatchObject({ method: 'POST', url: '/process?model=a' });
  expect(got?.headers).toEqual({
    host,
    'coatcheck-request-id': 'r-1',
    'coatcheck-attempt': '1',
    'coatcheck-deadline': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    'content-type': 'application/json',
    'content-length': '7',
    'accept-encoding': 'identity',
    'user-agent': 'coatcheck',
    connection: 'keep-alive',
  });
});

test('the service gets tenant and topic, percent-encoded where a header must be, and metadata as JSON', async () => {
  const seen: IncomingMessage['headers'][] = [];
  const url = await serve(({ headers }, response) => {
    seen.push(headers);
    respond(response, 200, '');
  });
  const harness = harnessFor(url);
  await harness.process([
    requestDelivery('r-1', 1, {
      attributes: { RequestId: 'r-1', Tenant: 'acme', Topic: 'images.small', order_id: '17', Ort: 'Köln' },
    }),
  ]);
  await harness.process([
    requestDelivery('r-2', 1, {
      attributes: { RequestId: 'r-2', Tenant: 'Größe 5%', long: 'x'.repeat(4_096) },
    }),
  ]);
  expect(seen).toMatchObject([
    {
      'coatcheck-tenant': 'acme',
      'coatcheck-topic': 'images.small',
      'coatcheck-metadata': '{"order_id":"17","Ort":"K\\u00f6ln"}',
    },
    { 'coatcheck-tenant': 'Gr%C3%B6%C3%9Fe%205%25' },
  ]);
  expect(seen[1]).not.toHaveProperty('coatcheck-topic');
  expect(seen[1]).not.toHaveProperty('coatcheck-metadata');
});

test('a login in the URL is sent, and not shown', async () => {
  let seen: string | undefined;
  const url = await serve(({ headers }, response) => {
    seen = headers.authorization;
    respond(response, 200, '', { connection: 'close' });
  });
  const withLogin = url.replace('//', '//me:secret@');
  const harness = harnessFor(withLogin);
  await run(harness);
  expect(seen).toBe('Basic bWU6c2VjcmV0');
  for (const end of ends.splice(0)) end();
  await harness.process([requestDelivery('r-2', 1)]);
  expect(JSON.stringify(harness.logger.lines)).toMatch(/can't be reached(?!.*secret)/);
});

test('a service on IPv6 is called', async () => {
  const url = await serve((_, response) => respond(response, 200, 'six'), 0, '::1');
  const harness = harnessFor(url);
  await run(harness);
  expect(statusOf(harness.event)).toBe('succeeded');
});

test('payload and result are streamed: the service responds while it reads', async () => {
  const url = await serve(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' });
    for await (const chunk of request) response.write(chunk);
    response.end();
  });
  const harness = harnessFor(url);
  const payload = Buffer.alloc(20_000_000, '0123456789abcdef\n');
  expect(await harness.process([putUpload(harness, payload)])).toEqual([]);
  const { dataref, datacontenttype } = harness.events[0] ?? {};
  expect(datacontenttype).toBe('text/csv');
  const { pathname } = new URL(String(dataref));
  const stored = harness.store.object(pathname.slice(1))?.bytes ?? new Uint8Array();
  expect(Buffer.compare(stored, payload)).toBe(0);
});

test('a coded payload stays coded, and a coded response is decoded', async () => {
  const url = await serve(async (request, response) => {
    const headers = { 'content-type': 'text/plain', 'content-encoding': request.headers['content-encoding'] };
    response.writeHead(200, headers).end(await buffer(request));
  });
  const harness = harnessFor(url);
  harness.store.put('requests/a', gzipSync('hello'), { contentType: 'text/plain', contentEncoding: 'gzip' });
  await harness.process([delivery(s3Event(s3Record({ key: 'requests/a', size: 25 })))]);
  expect(harness.events[0]).toMatchObject({ data: 'hello' });
});

test.each([
  ['a 204', 204, 'POST'],
  ['the response to a HEAD', 200, 'HEAD'],
])('%s has no content, though it may name a coding', async (_, status, method) => {
  const url = await serve((_, response) => {
    response.writeHead(status, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end();
  });
  const harness = harnessFor(url, { allow: CALL_PARTS });
  await harness.process([delivery(JSON.stringify({ tfy_request_id: 'a', tfy_request_method: method }))]);
  expect(harness.events[0]).toMatchObject({ data: '' });
});

test('a failure whose body can’t be decoded is retried as its status says', async () => {
  const url = await serve((_, response) => {
    respond(response, 503, 'busy', { 'content-encoding': 'lzma', 'retry-after': '30' });
  });
  const harness = harnessFor(url);
  expect((await run(harness)).process).toEqual(['message-r-1']);
  expect(Object.values(harness.delays)).toEqual([30]);
});

test.each([
  [400, 'failed', { code: 'service_refused', details: { status: 400, body: 'why' } }],
  [301, 'failed', { code: 'service_refused', details: { status: 301, body: 'why' } }],
])('%i is a permanent failure, and its payload need not be read', async (status, ends, problem) => {
  const url = await serve((_, response) => respond(response, status, 'why', { location: '/elsewhere' }));
  const harness = harnessFor(url);
  await harness.process([putUpload(harness, Buffer.alloc(5_000_000))]);
  expect(statusOf(harness.event)).toBe(ends);
  expect(harness.problem).toMatchObject(problem);
});

test.each([
  [500, {}, 'service_unavailable'],
  [503, { 'retry-after': '30' }, 'downstream_unavailable'],
  [429, { 'retry-after': '30' }, 'retry_later'],
])('%i is retried', async (status, headers, code) => {
  const url = await serve((_, response) => respond(response, status, 'busy', headers));
  const harness = harnessFor(url);
  const { process, delays } = await run(harness);
  expect(process).toEqual(['message-r-1']);
  if (status !== 500) expect(Object.values(delays)).toEqual([30]);
  expect(harness.logger.lines).toContainEqual(
    expect.objectContaining({
      message: 'Attempt failed and will be retried',
      fields: expect.objectContaining({ code }),
    }),
  );
});

test('a service that responds before it has the payload doesn’t keep its connection', async () => {
  const closed = Promise.withResolvers<void>();
  const url = await serveTcp((socket) => {
    socket.on('data', () => {});
    socket.once('data', () => {
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      socket.on('close', () => closed.resolve());
    });
  });
  const harness = harnessFor(url);
  await harness.process([putUpload(harness, Buffer.alloc(8_000_000))]);
  expect(statusOf(harness.event)).toBe('succeeded');
  await closed.promise;
});

test('a service that switches to another protocol is retried at once, and not at the end of the time', async () => {
  const url = await serveTcp((socket) => {
    const switching = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: h2c', 'Connection: Upgrade', '', ''];
    socket.once('data', () => socket.write(switching.join('\r\n')));
  });
  const harness = harnessFor(url);
  expect((await run(harness)).process).toEqual(['message-r-1']);
  expect(JSON.stringify(harness.logger.lines)).toContain('ended the call without a response');
});

test('a service whose certificate isn’t trusted can’t be reached: the attempt doesn’t count', async () => {
  const { port } = await httpsReceiver((_, response) => respond(response, 200, 'ok'));
  const harness = harnessFor(`https://127.0.0.1:${port}/`);
  expect((await run(harness)).process).toEqual(['message-r-1']);
  expect(JSON.stringify(harness.logger.lines)).toContain("can't be reached: self-signed certificate");
  expect(harness.records.record('r-1')?.uncountedAttempts).toBe(1);
});

describe('a service that isn’t up yet', () => {
  test('is waited for', async () => {
    const port = await freePort();
    const harness = harnessFor(`http://127.0.0.1:${port}/`);
    const running = run(harness);
    await serve((_, response) => respond(response, 200, 'up'), port);
    await running;
    expect(statusOf(harness.event)).toBe('succeeded');
  });

  test('is waited for until its path for that answers 2xx, which then is asked no more', async () => {
    const statuses = [503, 404, 204];
    const paths: (string | undefined)[] = [];
    const url = await serve(({ url: path }, response) => {
      paths.push(path);
      respond(response, path === '/health' ? (statuses.shift() ?? 500) : 200, 'x');
    });
    const harness = harnessFor(`${url}/process`, { readyPath: '/health' });
    await harness.process([requestDelivery('r-1', 1), requestDelivery('r-2', 2)]);
    expect(harness.events.map(statusOf)).toEqual(['succeeded', 'succeeded']);
    expect(paths).toEqual(['/health', '/health', '/health', '/process', '/process']);
  });

  test('in time is down: the attempt doesn’t count, and a later one finds it', async () => {
    const port = await freePort();
    const harness = harnessFor(`http://127.0.0.1:${port}/`, { startSeconds: 0.5 });
    expect((await run(harness)).process).toEqual(['message-r-1']);
    const log = JSON.stringify(harness.logger.lines);
    expect(log).toContain('The service is not up yet');
    expect(log).toContain("The service isn't up after 0.5 s: ");
    await serve((_, response) => respond(response, 200, 'up'), port);
    await harness.process([requestDelivery('r-1', { x: 6 })]);
    expect(harness.events[0]).toMatchObject({ subject: 'r-1' });
    expect(harness.records.record('r-1')?.uncountedAttempts).toBe(1);
  });
});

test('a service that is down after it was up: the attempt doesn’t count', async () => {
  const url = await serve((_, response) => respond(response, 200, 'up', { connection: 'close' }));
  const harness = harnessFor(url);
  await run(harness);
  for (const end of ends.splice(0)) end();
  expect(await harness.process([requestDelivery('r-2', 1)])).toEqual(['message-r-2']);
  expect(JSON.stringify(harness.logger.lines)).toContain("can't be reached: connect ECONNREFUSED");
  expect(harness.records.record('r-2')?.uncountedAttempts).toBe(1);
});

test.each([
  ['before it responds', undefined],
  ['in the middle of its response', 'begin'],
])('a service that ends %s: the attempt counts', async (_, begin) => {
  const url = await serve((request, response) => {
    if (begin === undefined) return void request.socket.destroy();
    response.writeHead(200, { 'content-length': '100' }).write(begin);
    setImmediate(() => request.socket.destroy());
  });
  const harness = harnessFor(url);
  expect((await run(harness)).process).toEqual(['message-r-1']);
  expect(harness.events).toEqual([]);
  expect(harness.records.record('r-1')?.uncountedAttempts).toBeUndefined();
});

test('a connection that the service closed while it was idle is retried at once', async () => {
  let calls = 0;
  // Closes each connection when the second call arrives on it.
  const url = await serveTcp((socket) => {
    let answered = false;
    socket.on('data', () => {
      if (answered) return void socket.destroy();
      answered = true;
      calls++;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  const harness = harnessFor(url);
  await run(harness);
  expect(await harness.process([requestDelivery('r-2', 1)])).toEqual(['message-r-2']);
  expect(Object.values(harness.delays)).toEqual([0]);
  await harness.process([requestDelivery('r-2', 1)]);
  expect(harness.events.map(statusOf)).toEqual(['succeeded', 'succeeded']);
  expect(calls).toBe(2);
});

test.each([
  ['no response', undefined],
  ['a response that doesn’t end', 'begin'],
])('%s within the time limit: the call ends, and is retried', async (_, begin) => {
  const closed = Promise.withResolvers<void>();
  const url = await serve((request, response) => {
    request.socket.on('close', () => closed.resolve());
    if (begin !== undefined) response.writeHead(200).write(begin);
  });
  const harness = harnessFor(url, { timeoutSeconds: 2 });
  expect((await run(harness)).process).toEqual(['message-r-1']);
  expect(JSON.stringify(harness.logger.lines)).toContain("didn't respond within 2 s");
  await closed.promise;
});

test('the end of the attempt’s time closes the connection', async () => {
  const closed = Promise.withResolvers<void>();
  const url = await serve((request) => {
    request.socket.on('close', () => closed.resolve());
  });
  const harness = harnessFor(url);
  expect(await harness.process([requestDelivery('r-1', 1)], 1)).toEqual(['message-r-1']);
  await closed.promise;
});

test('a payload that breaks off is retried, and the service sees that it isn’t whole', async () => {
  const seen = Promise.withResolvers<unknown>();
  const url = await serve((request) => {
    buffer(request).then(seen.resolve, seen.resolve);
  });
  const harness = harnessFor(url);
  harness.store.put('requests/a', Buffer.alloc(1_000_000), { endsAfter: 500_000 });
  const upload = delivery(s3Event(s3Record({ key: 'requests/a', size: 1_000_000 })));
  expect(await harness.process([upload])).toEqual(['message-1']);
  expect(await seen.promise).toBeInstanceOf(Error);
});

test('a connection is used again and again, and gathers no listeners', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  ends.push(() => process.off('warning', onWarning));
  const sockets = new Set<unknown>();
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    respond(response, 200, 'ok');
  });
  const harness = harnessFor(url);
  for (let index = 0; index < 12; index++) await harness.process([requestDelivery(`r-${index}`, index)]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(harness.events).toHaveLength(12);
  expect(sockets.size).toBe(1);
  expect(warnings).toEqual([]);
});

test('idle connections are closed before a server closes them', async () => {
  const closed = Promise.withResolvers<void>();
  const url = await serve((request, response) => {
    request.socket.on('close', () => closed.resolve());
    respond(response, 200, 'ok');
  });
  await run(harnessFor(url));
  await eventually(() => closed.promise);
});

test.each([
  ['ftp://service/', {}, /takes the http: or https: URL/],
  ['http://me:secret@', {}, /got (?!.*secret)/],
  ['http://service/', { timeoutSeconds: 0 }, /^timeoutSeconds .* got 0$/],
  ['http://service/', { startSeconds: Number.NaN }, /^startSeconds .* got NaN$/],
  ['http://service/', { readyPath: 'health' }, /^readyPath .* must begin with \/, got health$/],
])('%s with %j is refused', (url, options, message) => {
  expect(() => forwardTo(url, options)).toThrow(ConfigurationError);
  expect(() => forwardTo(url, options)).toThrow(message);
});

describe('messages of TrueFoundry’s async service', () => {
  const wish = {
    tfy_request_id: 'a',
    tfy_request_method: 'put',
    tfy_request_url_path: '/v2?b=c',
    tfy_request_headers: { 'X-Note': 'n', Host: 'other' },
    x: 1.0,
  };

  async function callOf(options?: ForwardOptions) {
    let got: IncomingMessage | undefined;
    let body = '';
    const url = await serve(async (request, response) => {
      got = request;
      body = await text(request);
      respond(response, 200, 'ok');
    });
    const harness = harnessFor(`${url}/v1`, options);
    await harness.process([delivery(JSON.stringify(wish))]);
    expect(harness.event).toMatchObject({ type: 'coatcheck.request.succeeded' });
    return { got, body, host: new URL(url).host };
  }

  test('choose nothing of a call by default', async () => {
    const { got, body } = await callOf();
    expect(got).toMatchObject({ method: 'POST', url: '/v1' });
    expect(got?.headers).not.toHaveProperty('x-note');
    expect(body).toBe('{"x":1}');
  });

  test('choose the parts that are allowed', async () => {
    const { got, body, host } = await callOf({ allow: ['method', 'path', 'headers'] });
    expect(got).toMatchObject({ method: 'PUT', url: '/v2?b=c' });
    expect(got?.headers).toMatchObject({
      'x-note': 'n',
      host,
      'coatcheck-request-id': 'a',
      'content-type': 'application/json',
      'content-length': '7',
    });
    expect(body).toBe('{"x":1}');
  });

  test('fail if they ask for a call outside of the folder', async () => {
    const harness = harnessFor('http://127.0.0.1:1/v1/process', { allow: ['path'] });
    await harness.process([delivery(JSON.stringify(wish))]);
    expect(harness.problem).toMatchObject({ code: 'call_refused', attempts: 1 });
  });

  test('what may be allowed is checked', () => {
    const allow = ['body'] as unknown as ForwardOptions['allow'];
    expect(() => forwardTo('http://service', { allow })).toThrow(
      'allow of forwardTo() may have method, path, headers, got "body"',
    );
  });

  test.each(TRUEFOUNDRY_SAMPLES.filter(({ from, case: name }) => from === 'sidecar' && name !== 'bytes'))(
    'the outcomes for $case are those of its sidecar',
    async (sample) => {
      const url = await serve(sampledService);
      const settings = { outputFormat: 'truefoundry', maxAttempts: 1 } as const;
      const harness = new EngineHarness(forwardTo(`${url}/default`, { allow: CALL_PARTS }), settings);
      await harness.process([delivery(sample.in)]);
      expect(harness.output.messages.map(({ body }) => body)).toEqual(sample.out);
    },
  );

  test('a response that isn’t text fails, as with its sidecar', async () => {
    const url = await serve((_, response) => response.writeHead(200).end(Buffer.from([0x61, 0xff])));
    const harness = new EngineHarness(forwardTo(url), { outputFormat: 'truefoundry' });
    await harness.process([delivery('{"tfy_request_id":"h"}')]);
    expect(harness.output.messages.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        request_id: 'h',
        status: 'FAILED',
        body: null,
        input_message: { tfy_request_id: 'h' },
        status_code: null,
      },
    ]);
  });

  test.each([
    [400, {}],
    [500, {}],
    [500, { 'retry-after': '1' }],
    [429, {}],
  ])('the last response %i %j is in the failure', async (status, headers) => {
    const url = await serve((_, response) =>
      respond(response, status, 'häh', { 'content-type': 'text/plain; charset=utf-8', ...headers }),
    );
    const settings = { outputFormat: 'truefoundry', maxAttempts: 1 } as const;
    const harness = new EngineHarness(forwardTo(url), settings);
    await harness.process([delivery('{"tfy_request_id":"h"}')]);
    expect(harness.output.messages.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        status: 'FAILED',
        body: 'häh',
        error: null,
        status_code: String(status),
        content_type: 'text/plain; charset=utf-8',
      },
    ]);
  });

  test('a response that breaks off ends with a failure after its chunks', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('begin');
      setTimeout(() => request.socket.destroy(), 50);
    });
    const harness = new EngineHarness(forwardTo(url), { outputFormat: 'truefoundry' });
    await harness.process([delivery('{"tfy_request_id":"h","tfy_stream_response":true}')]);
    expect(harness.output.messages.map(({ body }) => JSON.parse(body))).toMatchObject([
      { status: 'SUCCESS', body: { data: 'begin' } },
      { status: 'FAILED', error: expect.stringContaining('aborted') },
    ]);
  });
});

/** The service that the samples were made with. */
const sampledService: RequestListener = async (request, response) => {
  switch (request.url) {
    case '/stream':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const data of ['eins', 'zwei ä', '[DONE]']) {
        response.write(`data: ${data}\n\n`);
        await setTimeoutOf(50);
      }
      return void response.end();
    case '/fail':
      return respond(response, 500, 'no', { 'content-type': 'text/plain' });
    default: {
      const { method, url: path, headers } = request;
      const got = JSON.stringify(await text(request)).replace('":', '": ');
      const members = [
        `"method": "${method}"`,
        `"path": "${path}"`,
        `"x-note": null`,
        `"type": "${headers['content-type']}"`,
        `"got": ${got}`,
      ];
      return respond(response, 200, `{${members.join(', ')}}`, { 'content-type': 'application/json' });
    }
  }
};
