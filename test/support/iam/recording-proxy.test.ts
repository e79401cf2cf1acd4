import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { callerName } from './caller-name.ts';
import { RecordingProxy } from './recording-proxy.ts';

/** Answers the size and the digest of a body; breaks off under /broken. */
const server = createServer(async (request, response) => {
  const { url = '', headers } = request;
  if (url.startsWith('/broken')) return void request.socket.destroy();
  const body = await buffer(request);
  const digest = createHash('sha256').update(body).digest('hex');
  response.writeHead(418, { 'x-host': headers.host }).end(JSON.stringify({ size: body.byteLength, digest }));
});

let endpoint: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  endpoint = `http://127.0.0.1:${address.port}`;
});
afterAll(() => void server.close());

const caller = callerName('Stack/Service/Role');
const signature = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20261129/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

/** Runs calls through a proxy. @returns what it recorded */
async function recordingOf(calls: (url: string) => Promise<unknown>): Promise<unknown[]> {
  const file = join(await temporaryFolder(), 'calls.ndjson');
  {
    await using proxy = await RecordingProxy.open(endpoint, file);
    await calls(proxy.url);
  }
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

test('forwards a call and its answer unchanged, and records no bytes of an object', async () => {
  const body = randomBytes(3_000_000);
  const headers = {
    authorization: signature('s3'),
    'user-agent': `aws-sdk-js/3 app/${caller}-PT-NO-OP-2`,
    'x-amz-copy-source': 'a',
  };
  const recorded = await recordingOf(async (url) => {
    const response = await fetch(`${url}/bucket/key?x-id=PutObject`, { method: 'PUT', body, headers });
    expect([response.status, response.headers.get('x-host')]).toEqual([418, new URL(url).host]);
    const digest = createHash('sha256').update(body).digest('hex');
    expect(await response.json()).toEqual({ size: body.byteLength, digest });
  });
  expect(recorded).toEqual([
    {
      caller,
      presigned: false,
      service: 's3',
      method: 'PUT',
      url: '/bucket/key?x-id=PutObject',
      headers: { 'x-amz-copy-source': 'a' },
      body: '',
      status: 418,
    },
  ]);
});

test('records presigned calls, forms, and calls of HTTP APIs by any caller', async () => {
  const form = new FormData();
  form.append('key', 'requests/a');
  form.append('X-Amz-Credential', 'test/20261129/us-east-1/s3/aws4_request');
  form.append('file', new Blob([randomBytes(1_000_000)]));
  const recorded = await recordingOf(async (url) => {
    const credential = encodeURIComponent('test/20261129/us-east-1/s3/aws4_request');
    await fetch(`${url}/bucket/key?X-Amz-Credential=${credential}`);
    await fetch(`${url}/bucket`, { method: 'POST', body: form });
    await fetch(`${url}/_aws/execute-api/a/b`, { headers: { authorization: signature('execute-api') } });
    await fetch(`${url}/queue`, { method: 'POST', headers: { authorization: signature('sqs') } });
    await fetch(`${url}/unsigned`);
  });
  expect(recorded).toMatchObject([
    { presigned: true, service: 's3', method: 'GET' },
    { presigned: true, service: 's3', method: 'POST', body: expect.stringContaining('requests/a') },
    { presigned: false, service: 'execute-api' },
  ]);
});

test('breaks the connection of a call whose server breaks it', async () => {
  await recordingOf(async (url) => {
    await expect(fetch(`${url}/broken`)).rejects.toThrow('fetch failed');
  });
});
