import { gzipSync } from 'node:zlib';
import { CoatcheckClient, PayloadGone } from 'coatcheck/client';
import { expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import type { ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { eventually } from '../support/eventually.ts';
import { openServedService } from '../support/served-service.ts';

const LARGE = 'x'.repeat(2 * 2 ** 20);

async function open(handler?: (request: ProcessorRequest) => unknown) {
  const { url, ...opened } = await openServedService(handler, { settings: { maxAttempts: 1 } });
  const client = new CoatcheckClient({ baseUrl: url, retry: { attempts: 1 } });
  const textOf = async (id: string, tenant?: string) => (await client.payload(id, { tenant })).text();
  return { ...opened, url, client, textOf };
}

test('the payload of a request that waits is in its message, whatever its priority and its tenant', async () => {
  const { service, textOf, client } = await open();
  const { id: first } = await service.submit('first', { priority: 'high' });
  expect(await textOf(first)).toBe('first');
  const { id } = await service.submit({ of: 'acme' }, { tenant: 'acme', priority: 'low' });
  expect(await textOf(id, 'acme')).toBe('{"of":"acme"}');
  expect(await client.status(id, { tenant: 'acme' })).toMatchObject({ id, tenant: 'acme' });
  await expect(textOf(id)).rejects.toThrow('request');
});

test('a payload comes with its type, and its encoding is that of the answer', async () => {
  const { client, url } = await open();
  const body = new Uint8Array(gzipSync('{"a":1}'));
  const { id } = await client.submit(body, { contentType: 'application/json', contentEncoding: 'gzip' });
  const payload = await client.payload(id);
  expect(payload.contentType).toBe('application/json');
  expect(await payload.json()).toEqual({ a: 1 });
  const { headers } = await fetch(`${url}/v1/requests/${id}/payload`);
  expect(headers.get('content-encoding')).toBe('gzip');
});

test('the payload of a request that used up its attempts is in its dead letter, until that is purged', async () => {
  const { client, service, textOf } = await open(() => {
    throw new Error('The printer is on fire');
  });
  const { id } = await client.submit('{"page":1}', { contentType: 'application/json' });
  expect(await client.wait(id)).toMatchObject({ status: 'failed' });
  await eventually(async () => expect(await textOf(id)).toBe('{"page":1}'));
  await eventually(async () => {
    const plan = await service.actions.plan({ action: 'purge', filter: { ids: [id] } });
    expect(plan.count).toBe(1);
    await service.actions.apply(plan.id, plan);
  });
  await eventually(async () => {
    await expect(textOf(id)).rejects.toThrow(PayloadGone);
  });
});

test('the payload of a request that has ended is gone with its message', async () => {
  const { client } = await open(() => {
    throw new PermanentError('No', { code: 'refused' });
  });
  const { id } = await client.submit('once');
  await client.wait(id);
  await eventually(async () => {
    await expect(client.payload(id)).rejects.toThrow('which is deleted when the request ends');
  });
});

test('a large payload is downloaded from the store while its request waits', async () => {
  const { client, textOf, url } = await open();
  const { id } = await client.submit(LARGE, { contentType: 'text/plain' });
  expect(await textOf(id)).toBe(LARGE);
  const { status, headers } = await fetch(`${url}/v1/requests/${id}/payload`, { redirect: 'manual' });
  expect(status).toBe(303);
  expect(headers.get('location')).toContain('/transfers/download?ticket=');
});

test('a payload in the store whose encoding is no header is downloaded without it', async () => {
  const { client, textOf, storage } = await open();
  const { id } = await client.submit(LARGE, { contentType: 'text/plain', contentEncoding: 'br' });
  // As another sender of messages may write it.
  await storage.file.write(() => {
    const { changes } = storage.file
      .statement(`UPDATE messages SET body = replace(body, '"br"', '"b€r"'), attributes = replace(attributes, '"br"', '"b€r"')
        WHERE instr(body || attributes, '"br"')`)
      .run({});
    expect(changes).toBe(1);
  }, 'committed');
  expect(await textOf(id)).toBe(LARGE);
});
