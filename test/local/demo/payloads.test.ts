import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { CsvError, parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { type DemoPayload, demoPayloads } from '../../../lib/local/demo/payloads.ts';

describe('the payloads of the demo', async () => {
  const payloads = await demoPayloads();
  const [small, gzipped, large, broken] = payloads;

  test.each(payloads)('$name has the size it says', async (payload) => {
    let size = 0;
    for await (const chunk of payload.body()) size += chunk.length;
    expect(size).toBe(payload.size);
  });

  test('include one above 100 MB', () => {
    expect(large?.size).toBeGreaterThan(100_000_000);
  });

  test('have the expected number of rows', async () => {
    expect(small?.expected).toEqual({ rows: recordsOf(await bytesOf(small)) - 1 });
    expect(gzipped?.expected).toEqual({ rows: recordsOf(gunzipSync(await bytesOf(gzipped))) - 1 });
  });

  test('include a repeated file with one header and the expected rows', async () => {
    const bytes = await bytesOf(large);
    const header = bytes.subarray(0, bytes.indexOf('\n') + 1);
    expect(bytes.indexOf(header, 1)).toBe(-1);
    expect(large?.expected).toEqual({
      rows: bytes.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), -1),
    });
  });

  test('include a broken file that fails at the expected line', async () => {
    const error = await bytesOf(broken)
      .then(recordsOf)
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(CsvError);
    expect(broken?.expected).toEqual({ failsAtLine: error.lines });
  });
});

async function bytesOf(payload: DemoPayload | undefined): Promise<Buffer> {
  if (!payload) throw new Error('no such payload');
  return buffer(payload.body());
}

function recordsOf(bytes: Buffer): number {
  return parse(bytes).length;
}
