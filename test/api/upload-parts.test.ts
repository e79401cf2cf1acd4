import { expect, test } from 'vitest';
import { PartUrls, UploadTicket } from '../../lib/api/upload-schemas.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import { ApiHarness } from '../support/api-harness.ts';

const MIB = 1_048_576;

async function opened(size: number) {
  const api = new ApiHarness(undefined, { maxPayloadBytes: NUMBER_SETTINGS.maxPayloadBytes.max });
  const opening = await api.call('POST', '/v1/uploads', { json: { size, multipart: true } });
  const { request, upload } = UploadTicket.parse(await opening.json());
  if (upload.method !== 'PUT_PARTS') throw new Error('the upload is a form');
  const partsOf = (...numbers: readonly number[]) =>
    api.call('POST', `/v1/uploads/${request.id}/parts`, { json: { uploadName: upload.uploadName, numbers } });
  return { upload, partsOf };
}

/** Bytes each of these parts may have. */
async function sizesOf(answer: Response): Promise<number[]> {
  const { parts } = PartUrls.parse(await answer.json());
  return parts.map(({ url }) => Number(new URL(url).searchParams.get('size')));
}

test.each([
  { size: 1, sizes: [1] },
  { size: 64 * MIB, sizes: [64 * MIB] },
  { size: 64 * MIB + 1, sizes: [64 * MIB, 1] },
  { size: 150 * MIB, sizes: [64 * MIB, 64 * MIB, 22 * MIB] },
])('parts have no more bytes in all than the client said: $size', async ({ size, sizes }) => {
  const { upload, partsOf } = await opened(size);
  expect(upload.partCount).toBe(sizes.length);
  expect(await sizesOf(await partsOf(...sizes.map((_, index) => index + 1)))).toEqual(sizes);
});

test.each([2, 10_000])('there is no URL for a part that isn’t: %d', async (number) => {
  const { partsOf } = await opened(64 * MIB);
  const refused = await partsOf(1, number);
  expect(refused.status).toBe(404);
  expect(await refused.json()).toMatchObject({ code: 'part_unknown' });
});

test('the largest payload has its parts, the last one among them', async () => {
  const size = NUMBER_SETTINGS.maxPayloadBytes.max;
  const { upload, partsOf } = await opened(size);
  const { partSize, partCount } = upload;
  const [last = 0] = await sizesOf(await partsOf(partCount));
  expect((partCount - 1) * partSize + last).toBe(size);
  expect(last).toBeGreaterThan(0);
});
