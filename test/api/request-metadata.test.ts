import { describe, expect, test } from 'vitest';
import { ApiHarness } from '../support/api-harness.ts';

const recordMetadata = ['customer', 'order'];

/** A body, whose members the tests know. */
async function bodyOf(answer: Response) {
  return JSON.parse(await answer.text());
}

/** An API with requests of two customers. */
async function withRequests() {
  const api = new ApiHarness(() => 'done', { recordMetadata });
  const submit = async (headers: Readonly<Record<string, string>>, tenant?: string): Promise<string> => {
    const answer = await api.call('POST', '/v1/requests', { body: 'hello', headers, tenant });
    expect(answer.status).toBe(202);
    return (await bodyOf(answer)).id;
  };
  const ids = [
    await submit({ 'Coatcheck-Metadata-Customer': 'acme', 'Coatcheck-Metadata-Order': '17' }),
    await submit({ 'Coatcheck-Metadata-Customer': 'acme', 'Coatcheck-Metadata-Secret': 's3cr3t' }),
    await submit({ 'Coatcheck-Metadata-Customer': 'other' }),
    await submit({ 'Coatcheck-Metadata-Customer': 'acme' }, 'blue'),
  ] as const;
  return { api, ids };
}

async function listed(api: ApiHarness, path: string, tenant?: string): Promise<readonly string[]> {
  const answer = await api.call('GET', path, { tenant });
  const body = await bodyOf(answer);
  expect([answer.status, body.detail]).toEqual([200, undefined]);
  return body.requests.map(({ id }: { readonly id: string }) => id).sort();
}

const sorted = (...ids: readonly string[]) => [...ids].sort();

test('a request shows the metadata that its record keeps, before and after it ran', async () => {
  const { api, ids } = await withRequests();
  for (let runs = 0; runs < 2; runs++) {
    const [first, second] = await Promise.all(
      ids.slice(0, 2).map(async (id) => bodyOf(await api.call('GET', `/v1/requests/${id}`))),
    );
    expect(first).toMatchObject({ metadata: { customer: 'acme', order: '17' } });
    expect(second.metadata).toEqual({ customer: 'acme' });
    await api.deliver();
  }
  expect(JSON.stringify(api.harness.records.all())).not.toContain('s3cr3t');
});

test('requests are listed by it, of a caller and of a tenant', async () => {
  const { api, ids } = await withRequests();
  expect(await listed(api, '/v1/requests?metadata.customer=acme')).toEqual(sorted(ids[0], ids[1]));
  expect(await listed(api, '/v1/requests?metadata.customer=acme&metadata.order=17')).toEqual([ids[0]]);
  expect(await listed(api, '/v1/requests?metadata.customer=nobody')).toEqual([]);
  expect(await listed(api, '/v1/requests?metadata.customer=acme', 'blue')).toEqual([ids[3]]);
  expect(await listed(api, '/v1/tenants/blue/requests?metadata.customer=acme')).toEqual([ids[3]]);
  await api.deliver();
  expect(await listed(api, '/v1/requests?metadata.customer=acme&status=succeeded')).toEqual(
    sorted(ids[0], ids[1]),
  );
});

test('a list without a condition reads what fits on its page', async () => {
  const { api } = await withRequests();
  const list = api.index.list.bind(api.index);
  const limits: number[] = [];
  api.index.list = (listing) => {
    limits.push(listing.limit);
    return list(listing);
  };
  await listed(api, '/v1/requests?limit=7');
  await listed(api, '/v1/requests?limit=7&metadata.customer=acme');
  expect(limits).toEqual([7, 100]);
});

test('the link to the next page keeps the condition', async () => {
  const { api } = await withRequests();
  const answer = await api.call('GET', '/v1/requests?metadata.customer=acme&limit=1');
  expect(answer.headers.get('Link')).toMatch(/^<requests\?metadata\.customer=acme&limit=1&cursor=[^>]+>/);
});

test('an upload keeps it from its ticket on', async () => {
  const api = new ApiHarness(() => 'done', { recordMetadata });
  const json = { size: 5, metadata: { customer: 'acme', secret: 's3cr3t' } };
  const { request } = await bodyOf(await api.call('POST', '/v1/uploads', { json }));
  expect(request).toMatchObject({ status: 'awaiting_upload', metadata: { customer: 'acme' } });
  expect(await listed(api, '/v1/requests?metadata.customer=acme')).toEqual([request.id]);
});

test('a request that could not be recorded yet shows the same', async () => {
  const api = new ApiHarness(() => 'done', { recordMetadata });
  api.harness.records.faults.inject('write', 'fails before');
  const headers = { 'Coatcheck-Metadata-Customer': 'acme', 'Coatcheck-Metadata-Secret': 's3cr3t' };
  const answer = await api.call('POST', '/v1/requests', { body: 'hello', headers });
  expect((await bodyOf(answer)).metadata).toEqual({ customer: 'acme' });
});

describe('a condition that no record can meet is refused', () => {
  test.each([
    [
      'metadata.region=eu',
      'metadata_undeclared',
      'got "metadata.region": the declared keys are metadata.customer, metadata.order',
    ],
    ['metadata.Customer=acme', 'metadata_undeclared', 'got "metadata.Customer"'],
    ['metadata.=acme', 'metadata_undeclared', 'got "metadata."'],
    ['metadata.customer=', 'request_malformed', 'metadata.customer must have a value, got ""'],
    [
      'metadata.customer=a&metadata.customer=b',
      'request_malformed',
      'metadata.customer takes one value, got 2',
    ],
    [
      `metadata.customer=${'x'.repeat(129)}`,
      'request_malformed',
      'at most 128 bytes, since records keep no longer values',
    ],
    ['metadata=acme', 'request_malformed', 'unknown query parameter "metadata"'],
  ])('%s', async (query, code, detail) => {
    const { api } = await withRequests();
    const answer = await api.call('GET', `/v1/requests?${query}`);
    expect(answer.status).toBe(400);
    const problem = await bodyOf(answer);
    expect(problem.code).toBe(code);
    expect(problem.detail).toContain(detail);
  });

  test('where none is declared, it says how to', async () => {
    const api = new ApiHarness();
    const answer = await api.call('GET', '/v1/requests?metadata.customer=acme');
    expect(await answer.json()).toMatchObject({
      code: 'metadata_undeclared',
      detail:
        'Requests can be listed only by metadata that their records keep, got "metadata.customer": none is declared. Declare keys ' +
        'with records.metadata of AsyncService, COATCHECK_RECORD_METADATA of coatcheck serve, dev and worker, or recordMetadata of openService()',
    });
  });
});
