/** Uses openapi-fetch with the types that openapi-typescript generated into `api.d.ts`, as the docs of both do. */
import createClient from 'openapi-fetch';
import type { paths } from './api.d.ts';

export async function submit(baseUrl: string) {
  const client = createClient<paths>({ baseUrl });
  const header = { prefer: 'wait=5', 'coatcheck-expires-at': '2100-01-01T00:00:00Z' };
  const asJson = await client.POST('/v1/requests', {
    params: { header },
    body: { x: 6, text: 'ü', list: [1, null] },
  });
  const asBytes = await client.POST('/v1/requests', {
    params: { header },
    headers: { 'Content-Type': 'application/octet-stream' },
    // The types know a binary body as a string.
    body: new Uint8Array([0, 255, 123, 125]) as never,
    bodySerializer: (body) => body,
  });
  const id = asJson.data?.id ?? '';
  const result = await client.GET('/v1/requests/{id}/result', { params: { path: { id } }, parseAs: 'text' });
  const ticket = await client.POST('/v1/uploads', { body: { size: 5, contentType: 'text/csv' } });
  return {
    statuses: [asJson.data?.status, asBytes.data?.status],
    result: result.data,
    upload: ticket.data?.upload.method,
  };
}
