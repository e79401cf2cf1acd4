import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { localClients } from '../../lib/local/clients.ts';
import { INSTALL_TIMEOUT_MILLISECONDS } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

const ANSWER = '{"fine": true}';

/** Answers 500 to the first call of a path with the prefix /broken, else JSON with a custom media type. */
const calls = new Map<string, number>();
const server = createServer(({ url = '' }, response) => {
  const call = (calls.get(url) ?? 0) + 1;
  calls.set(url, call);
  const status = url.startsWith('/broken') && call === 1 ? 500 : 200;
  response.writeHead(status, { 'content-type': 'application/vnd.x+json' }).end(ANSWER);
});

let installedIn: string;
beforeAll(async () => {
  installedIn = join((await installJsPeers()).folder, 'package.json');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, INSTALL_TIMEOUT_MILLISECONDS);
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe.each(['undici-8', '@whatwg-node/fetch'])('a handler that returns a response of %s', (library) => {
  const name = library.replaceAll(/\W+/g, '-');

  test.each([
    ['works', 1],
    ['broken', 2],
  ])(
    'B1, B13: %s: the result is the body of the answer, JSON of its own type is base64',
    async (path, leastCalls) => {
      const { port } = server.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/${path}/${name}`;
      const id = `${path}-${name}`;
      await service.send(service.ask(id, { do: 'respond', url, library, installedIn }));

      expect(await service.event(id)).toMatchObject({
        type: 'coatcheck.request.succeeded',
        datacontenttype: 'application/vnd.x+json',
        data_base64: Buffer.from(ANSWER).toString('base64'),
      });
      expect(calls.get(`/${path}/${name}`)).toBeGreaterThanOrEqual(leastCalls);
    },
  );
});

test('a result that breaks off is a failure, and leaves no parts', async () => {
  await service.send(service.ask('broken-off', { do: 'fill', megabytes: 18, breaks: true }));

  expect(await service.event('broken-off')).toMatchObject({ data: { code: 'broken' } });
  const listing = new ListMultipartUploadsCommand({ Bucket: service.bucket, Prefix: 'results/broken-off' });
  const { s3 } = localClients(inject('endpoint'));
  await expect.poll(async () => (await s3.send(listing)).Uploads ?? []).toEqual([]);
});

test('B13: a failure is an event in JSON', async () => {
  await service.send(service.ask('resultless-1', { do: 'refuse', reason: 'no' }));
  expect(await service.event('resultless-1')).toMatchObject({
    datacontenttype: 'application/json',
    data: { code: 'refused' },
  });
});
