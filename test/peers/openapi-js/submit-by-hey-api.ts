/** Uses the client that @hey-api/openapi-ts generated into `hey-api`. */
import { client } from './hey-api/client.gen';
import { getResult, openUpload, submitRequest } from './hey-api/sdk.gen';

export async function submit(baseUrl: string) {
  client.setConfig({ baseUrl, throwOnError: true });
  const headers = { prefer: 'wait=5', 'coatcheck-expires-at': '2100-01-01T00:00:00Z' };
  const asJson = await submitRequest({ headers, body: { x: 6, text: 'ü', list: [1, null] } });
  const asBytes = await submitRequest({
    headers: { ...headers, 'Content-Type': 'application/octet-stream' },
    // The types know the first content type of a body only.
    body: new Blob([new Uint8Array([0, 255, 123, 125])]) as never,
    bodySerializer: null,
  });
  const result = await getResult({ path: { id: asJson.data?.id ?? '' }, parseAs: 'text' });
  const ticket = await openUpload({ body: { size: 5 } });
  return {
    statuses: [asJson.data?.status, asBytes.data?.status],
    result: result.data,
    upload: ticket.data?.upload.method,
  };
}
