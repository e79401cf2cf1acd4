import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UploadTicket } from '../../lib/api/upload-schemas.ts';
import type { ClaimCheck } from '../../lib/core/model/claim-check.ts';
import { exactly, problemIn, requestIn } from '../support/api-answers.ts';
import type { ApiHarnessOptions } from '../support/api-harness.ts';
import { ApiHarness } from '../support/api-harness.ts';

const BYTES = new Uint8Array([0, 255, 10, 13]);

async function submitted(
  api: ApiHarness,
  body: string | Uint8Array<ArrayBuffer> = 'hello',
  { tenant, ...headers }: Record<string, string> = {},
): Promise<string> {
  const call = { body, headers, ...(tenant !== undefined && { tenant }) };
  return (await requestIn(await api.call('POST', '/v1/requests', call), 202)).id;
}

const payloadOf = (api: ApiHarness, id: string, tenant?: string) =>
  api.call('GET', `/v1/requests/${id}/payload`, { tenant });

describe('a payload in a message that the API can read', () => {
  const options: ApiHarnessOptions = { readsQueue: true };

  test('is given out byte for byte, with its type, encoding and language, and inert', async () => {
    const api = new ApiHarness(undefined, options);
    const id = await submitted(api, new Uint8Array(gzipSync(BYTES)), {
      'Content-Type': 'image/png',
      'Content-Encoding': 'gzip',
      'Content-Language': 'de',
    });
    const response = await payloadOf(api, id);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(gzipSync(BYTES));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-encoding': 'gzip',
      'content-language': 'de',
      'cache-control': 'no-store',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    });
  });

  test('is that of the first attempt, whatever a later message of the request brings', async () => {
    const api = new ApiHarness(() => {
      throw new Error('not yet');
    }, options);
    const id = await submitted(api, 'first');
    await api.deliver();
    const [sent] = api.queue.sent;
    const other = (sent?.message ?? '').replace('first', 'other');
    api.queue.sent.unshift({ message: other, tenant: undefined });
    expect(await (await payloadOf(api, id)).text()).toBe('first');
  });

  test('comes without a language or an encoding that is no header', async () => {
    const api = new ApiHarness(undefined, options);
    const id = await submitted(api, 'hello', { 'Content-Language': 'de-DE', 'Content-Encoding': 'br' });
    const [sent] = api.queue.sent;
    const message = (sent?.message ?? '').replace('de-DE', 'd\\ne').replace('"br"', '"b\\u00fcr"');
    api.queue.sent.splice(0, 1, { message, tenant: undefined });
    const response = await payloadOf(api, id);
    expect(response.headers.has('content-language')).toBe(false);
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(await response.text()).toBe('hello');
  });
});

describe('a stored payload', () => {
  const options: ApiHarnessOptions = { inlineLimitBytes: 4 };

  /** A request that runs with a payload at a place. */
  async function claimed(api: ApiHarness, check: ClaimCheck): Promise<string> {
    const id = await submitted(api);
    const pinned = { digest: 'd', messageId: 'm', sentAt: 0, check };
    await api.records.claim({ id, source: '', pinned }, api.harness.clock.now() + 1_000);
    return id;
  }

  async function delivered(headers?: Record<string, string>) {
    const api = new ApiHarness(undefined, options);
    const id = await submitted(api, 'hello', headers);
    await api.deliver();
    return { api, id };
  }

  test('is redirected to after its request has ended', async () => {
    const { api, id } = await delivered();
    const response = await payloadOf(api, id);
    expect(response.status).toBe(303);
    const [key] = api.harness.store.keys('payloads/');
    expect(response.headers.get('location')).toMatch(`https://store.example/payloads/${key}`);
  });

  test('that the store has deleted is gone', async () => {
    const api = new ApiHarness();
    const id = await claimed(api, { bucket: 'payloads', key: 'payloads/deleted' });
    const { code, detail } = await problemIn(await payloadOf(api, id), 410);
    expect(code).toBe('payload_gone');
    expect(detail).toContain('is no longer stored: s3://payloads/payloads/deleted was deleted');
  });

  test('is linked with the type and the encoding that its message says', async () => {
    const { api, id } = await delivered({ 'Content-Type': 'text/csv', 'Content-Encoding': 'identity' });
    expect(api.harness.records.record(id)?.payload).toMatchObject({ contentType: 'text/csv' });
    expect((await payloadOf(api, id)).status).toBe(303);
  });

  test('is read only where the API may read', async () => {
    const { api, id } = await delivered();
    api.harness.store.deniedBuckets.add('payloads');
    const { code, detail } = await problemIn(await payloadOf(api, id), 409);
    expect(code).toBe('payload_unavailable');
    expect(detail).toMatch(/is s3:\/\/payloads\/\S+, which this API may not read/);
  });

  test('of another place is named, and not read', async () => {
    const api = new ApiHarness(undefined, { claimCheckSources: [] });
    const id = await claimed(api, { bucket: 'elsewhere', key: 'a/b' });
    const { detail } = await problemIn(await payloadOf(api, id), 409);
    expect(detail).toContain('is s3://elsewhere/a/b, which this API may not read: get it from there');
    expect(api.harness.store.opened).toEqual([]);
  });
});

describe('without a payload, the answer says why', () => {
  test.each([
    ['its upload has not arrived', 'has not been uploaded yet'],
    ['it waits in a queue that the API can’t read', 'the queue gives to processors only'],
  ])('%s', async (what, why) => {
    const api = new ApiHarness();
    const id = what.includes('upload')
      ? exactly(UploadTicket, await (await api.call('POST', '/v1/uploads', { json: { size: 5 } })).json())
          .request.id
      : await submitted(api);
    const problem = await problemIn(await payloadOf(api, id), 409);
    expect(problem).toMatchObject({ code: 'payload_unavailable', detail: expect.stringContaining(why) });
  });

  test('its request used up its attempts, so that it is in its dead letter', async () => {
    const fail = () => {
      throw new Error('no');
    };
    const api = new ApiHarness(fail, { maxAttempts: 1 });
    const id = await submitted(api);
    await api.deliver();
    const { code, detail } = await problemIn(await payloadOf(api, id), 409);
    expect(code).toBe('payload_unavailable');
    expect(detail).toContain(`run npx coatcheck dead-letters show ${id}`);
  });

  test.each([{}, { readsQueue: true }])(
    'its request has ended, with it in its message (%o)',
    async (options) => {
      const api = new ApiHarness(undefined, options);
      const id = await submitted(api);
      await api.deliver();
      api.queue.sent.length = 0;
      const { code, detail } = await problemIn(await payloadOf(api, id), 410);
      expect(code).toBe('payload_gone');
      expect(detail).toContain('which is deleted when the request ends');
    },
  );
});

describe('a request of a tenant', () => {
  const ODD = ['acme', 'ä/b?c', '..', '~', ' ', 'x'.repeat(128)];
  const segment = (text: string) => `~${Buffer.from(text).toString('base64url')}`;

  test.each(ODD)('is shown to its tenant %j and to operators that name it', async (tenant) => {
    // Not a header: it can't hold every name.
    let caller: { tenant?: string; isOperator: boolean } = { tenant, isOperator: false };
    const api = new ApiHarness(undefined, { readsQueue: true, callerOf: () => caller });
    const id = await submitted(api, 'hello', { 'Coatcheck-Request-Id': 'order/17' });
    expect(id).toBe('order/17');
    const own = `/v1/requests/${segment(id)}`;
    const named = `/v1/tenants/${/^[\w-]+$/.test(tenant) ? tenant : segment(tenant)}/requests/${segment(id)}`;
    expect(await (await api.call('GET', `${own}/payload`)).text()).toBe('hello');
    for (const rest of ['', '/payload', '/result']) {
      expect((await problemIn(await api.call('GET', named + rest), 403)).code).toBe('operator_required');
    }
    caller = { tenant: 'other', isOperator: false };
    expect((await problemIn(await api.call('GET', `${own}/payload`), 404)).code).toBe('request_unknown');
    caller = { isOperator: true };
    expect((await problemIn(await api.call('GET', `${own}/payload`), 404)).code).toBe('request_unknown');
    const request = await requestIn(await api.call('GET', named), 200);
    expect(request).toMatchObject({ id, tenant, links: { self: named, result: `${named}/result` } });
    expect(await (await api.call('GET', `${named}/payload`)).text()).toBe('hello');
    expect(await requestIn(await api.call('GET', request.links.result), 202)).toMatchObject({ tenant });
    expect(await requestIn(await api.call('POST', request.links.cancel), 200)).toMatchObject({
      status: 'cancelled',
      tenant,
    });
  });

  test('is not found under another tenant', async () => {
    const api = new ApiHarness();
    const id = await submitted(api, 'hello', { tenant: 'acme' });
    const { code } = await problemIn(await api.call('GET', `/v1/tenants/other/requests/${id}/payload`), 404);
    expect(code).toBe('request_unknown');
  });
});
