import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addBatchRoutes, BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import { verifyReceipt } from '../../lib/client/index.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { serviceIntake } from '../../lib/embedded/service-intake.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { TestClock } from '../support/test-clock.ts';

const payload = new TextEncoder().encode('hello');

test('a repeated submission gets the same receipt, and a refused one none', async () => {
  const api = new ApiHarness();
  const submit = (body: string) =>
    api.call('POST', '/v1/requests', { body, headers: { 'Idempotency-Key': 'k' } });
  const receipts = [];
  for (let time = 0; time < 2; time++) {
    receipts.push((await submit('hello')).headers.get('coatcheck-receipt') ?? '');
    api.harness.clock.advanceSeconds(10);
  }
  expect(receipts[1]).toBe(receipts[0]);
  const keys = await api.receipts.read();
  expect((await verifyReceipt(receipts[0] ?? '', keys, payload)).valid).toBe(true);
  const refused = await submit('other');
  expect([refused.status, refused.headers.get('coatcheck-receipt')]).toEqual([422, null]);
});

test('a request whose receipt can not be signed is not accepted', async () => {
  const api = new ApiHarness();
  api.receipts.faults.inject('read', 'fails before');
  expect((await api.call('POST', '/v1/requests', { body: 'hello' })).status).toBe(500);
  expect(api.queue.sent).toEqual([]);
  expect((await api.call('POST', '/v1/requests', { body: 'hello' })).status).toBe(202);
});

describe('a ticket for an upload', () => {
  /** printf hello | openssl dgst -sha256 -binary | openssl base64 */
  const SHA256 = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';

  test('has a receipt of the digest that the form enforces', async () => {
    const api = new ApiHarness();
    const answer = await api.call('POST', '/v1/uploads', { json: { size: 5, sha256: SHA256 } });
    const receipt = answer.headers.get('coatcheck-receipt') ?? '';
    const { request } = JSON.parse(await answer.text());
    expect(await verifyReceipt(receipt, await api.receipts.read(), payload)).toEqual({
      valid: true,
      receipt: {
        iss: expect.any(String),
        sub: request.id,
        iat: Date.parse(request.createdAt) / 1000,
        awaitedUpload: { sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' },
      },
    });
    expect(api.transfers.forms[0]?.terms).toMatchObject({ sha256: SHA256 });
  });

  test.each([{ size: 5 }, { size: 5, multipart: true }])(
    'has none without a digest, nor needs the keys: %j',
    async (json) => {
      const api = new ApiHarness();
      api.receipts.faults.inject('read', 'fails before');
      const answer = await api.call('POST', '/v1/uploads', { json });
      expect([answer.status, answer.headers.get('coatcheck-receipt')]).toEqual([201, null]);
    },
  );

  test('is not given if its receipt can not be signed', async () => {
    const api = new ApiHarness();
    api.receipts.faults.inject('read', 'fails before');
    const open = () => api.call('POST', '/v1/uploads', { json: { size: 5, sha256: SHA256 } });
    expect((await open()).status).toBe(500);
    expect([api.harness.records.all(), api.admission.applicants]).toEqual([[], []]);
    expect((await open()).status).toBe(201);
  });
});

describe('items of a batch', () => {
  /** An API with batches in a file, for callers with tenants. */
  async function openApi() {
    const file = join(await temporaryFolder(), 'a.db');
    const parts = await openParts({ file, logger: new CollectingLogger() }, new TestClock());
    const service = new Service({ ...parts, processor: undefined });
    onTestFinished(() => service.close());
    const { batches } = serviceIntake(parts);
    const api = new ApiHarness(undefined, {
      extensions: (apiParts) => [
        { routes: BATCH_ROUTES, add: (app) => addBatchRoutes(app, batches, apiParts) },
      ],
    });
    const create = async () => (await batches.create({ tenant: 'acme' })).id;
    const add = async (id: string, body: string, tenant = 'acme') => {
      const headers = { 'Content-Type': 'application/x-ndjson' };
      const answer = await api.call('POST', `/v1/batches/${id}/items`, { body, headers, tenant });
      return { status: answer.status, receipt: answer.headers.get('coatcheck-receipt') };
    };
    return { api, batches, create, add };
  }

  const BODY = '{"key":"a","json":1}\n\n{"key":"b","json":2}\n';

  /** printf '{"key":"a","json":1}\n\n{"key":"b","json":2}\n' | sha256sum */
  const SHA256 = 'e17542cd43adac6926124136317fe38703fcbecfb2ef5ad9bbbc00966d46be00';

  test('have a receipt of the body, and a repeated call one that differs by its time only', async () => {
    const { api, create, add } = await openApi();
    const keys = await api.receipts.read();
    const id = await create();
    for (let time = 0; time < 2; time++) {
      const iat = Math.floor(api.harness.clock.now() / 1000);
      const { receipt } = await add(id, BODY);
      expect(await verifyReceipt(receipt ?? '', keys, new TextEncoder().encode(BODY))).toEqual({
        valid: true,
        receipt: { iss: expect.any(String), sub: id, iat, batchItems: { sha256: SHA256, lines: 2 } },
      });
      api.harness.clock.advanceSeconds(10);
    }
  });

  test.each([
    ['malformed', `${BODY}x\n`],
    ['of a key with other content', `${BODY}{"key":"a","json":2}\n`],
  ])('have none if a line is refused, such as one that is %s', async (_, body) => {
    const { create, add } = await openApi();
    const id = await create();
    expect(await add(id, body)).toEqual({ status: 200, receipt: null });
    expect((await add(id, BODY)).receipt).not.toBeNull();
  });

  test.each(['', '\n', '  \r\n'])('have none if there are none: %j', async (body) => {
    const { create, add } = await openApi();
    expect(await add(await create(), body)).toEqual({ status: 200, receipt: null });
  });

  test('have none in an answer that refuses all: another tenant, a sealed batch', async () => {
    const { batches, create, add } = await openApi();
    const id = await create();
    expect(await add(id, BODY, 'other')).toEqual({ status: 404, receipt: null });
    await batches.seal(id, 'acme');
    expect(await add(id, BODY)).toEqual({ status: 409, receipt: null });
  });

  test('are not added if their receipt can not be signed', async () => {
    const { api, batches, create, add } = await openApi();
    const id = await create();
    api.receipts.faults.inject('read', 'fails before');
    expect((await add(id, BODY)).status).toBe(500);
    expect((await batches.get(id, 'acme')).counts.total).toBe(0);
    expect((await add(id, BODY)).status).toBe(200);
  });
});
