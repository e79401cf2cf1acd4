/** Uses the client that openapi-generator generated into `openapi-generator` with typescript-fetch. It can't send bytes. */
import { Configuration, DefaultApi } from './openapi-generator';

export async function submit(baseUrl: string) {
  const client = new DefaultApi(new Configuration({ basePath: baseUrl }));
  const requestBody = { x: 6, text: 'ü', list: [1, null] };
  const asJson = await client.submitRequest({
    requestBody,
    prefer: 'wait=5',
    coatcheckExpiresAt: '2100-01-01T00:00:00Z',
  });
  const result = await client.getResult({ id: asJson.id });
  const ticket = await client.openUpload({ uploadRequest: { size: 5 } });
  return { statuses: [asJson.status], result: await result.text(), upload: ticket.upload.method };
}
