import { expect, test } from 'vitest';
import { Service } from './service.ts';

const service = new Service('E2e-truefoundry');

test('a function is a drop-in for TrueFoundry’s async service', async () => {
  const refused = { do: 'refuse', reason: 'nö' };
  await service.send(
    { body: JSON.stringify({ tfy_request_id: 'tfy-1', do: 'bytes', base64: 'w7w=' }) },
    { body: JSON.stringify({ request_id: 'tfy-2', body: refused }) },
    { body: JSON.stringify({ tfy_request_id: 'tfy-3', do: 'stamp', padding: 2_000_000 }) },
    { body: JSON.stringify({ tfy_request_id: 'tfy 4' }) },
  );

  const bodies: Record<string, string | undefined> = {};
  for (const id of ['tfy-1', 'tfy-2', 'tfy-3', 'tfy 4']) {
    const [output] = await service.outputs(1, ({ attributes }) => attributes.RequestId === id);
    bodies[id] = output?.body;
  }
  const rest = '"status_code":null,"content_type":null}';
  const fields =
    '"tfy_request_id":"tfy-2","tfy_published_at_epoch_ns":null,"tfy_stream_response":false,"tfy_request_headers":null,"tfy_request_url_path":null,"tfy_request_method":null';
  expect(bodies).toEqual({
    'tfy-1': `{"request_id":"tfy-1","status":"SUCCESS","body":"ü","error":null,"input_message":null,${rest}`,
    'tfy-2': `{"request_id":"tfy-2","status":"FAILED","body":null,"error":"nö","input_message":{${fields},"do":"refuse","reason":"nö"},${rest}`,
    'tfy-3': expect.stringMatching(/"status":"FAILED".*"error":"The result doesn't fit.*"padding":2000000}/),
    'tfy 4': expect.stringMatching(/"status":"FAILED".*"input_message":null/),
  });
});
