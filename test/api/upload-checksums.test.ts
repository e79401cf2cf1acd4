import { expect, test } from 'vitest';
import { S3_MAX_PUT_BYTES } from '../../lib/core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import { ApiHarness } from '../support/api-harness.ts';

const SHA_256 = `${'A'.repeat(43)}=`;

test.each([{ size: 100, multipart: true }, { size: S3_MAX_PUT_BYTES + 1 }])(
  'a checksum that the store would not check is refused: $size bytes',
  async (order) => {
    const api = new ApiHarness(undefined, { maxPayloadBytes: NUMBER_SETTINGS.maxPayloadBytes.max });
    const refused = await api.call('POST', '/v1/uploads', { json: { ...order, sha256: SHA_256 } });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('sha256') });
    expect(api.harness.records.all()).toEqual([]);
    expect((await api.call('POST', '/v1/uploads', { json: order })).status).toBe(201);
  },
);

test('a form enforces its checksum', async () => {
  const api = new ApiHarness();
  const json = { size: 100, sha256: SHA_256 };
  expect((await api.call('POST', '/v1/uploads', { json })).status).toBe(201);
  expect(api.transfers.forms[0]?.terms).toMatchObject({ sha256: SHA_256 });
});
