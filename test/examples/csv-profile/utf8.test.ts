import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvInvalid } from '../../../examples/csv-profile/csv-invalid.ts';
import { checkedUtf8 } from '../../../examples/csv-profile/utf8.ts';
import { bytesOf, collect, inChunks } from './chunks.ts';

const checked = (bytes: Uint8Array, cuts: readonly number[] = []) =>
  collect(checkedUtf8(inChunks(bytes, cuts)));

const cuts = fc.array(fc.nat(200), { maxLength: 20 });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

describe('checkedUtf8', () => {
  it('passes on text unchanged, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), cuts, async (text, at) => {
        expect((await checked(bytesOf(text), at)).toString()).toBe(text);
      }),
    );
  });

  it('agrees with TextDecoder on any bytes, wherever they are cut', async () => {
    const nearlyText = fc
      .tuple(fc.string({ unit: 'binary' }), fc.nat(100), fc.uint8Array({ maxLength: 3 }))
      .map(([text, at, noise]) => {
        const bytes = bytesOf(text);
        return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
      });
    await fc.assert(
      fc.asyncProperty(nearlyText, cuts, async (bytes, at) => {
        const outcome = checked(bytes, at);
        if (isUtf8(bytes)) await expect(outcome).resolves.toEqual(bytes);
        else await expect(outcome).rejects.toThrow(CsvInvalid);
      }),
      { numRuns: 500 },
    );
  });

  it('says the line of the first invalid byte, wherever the file is cut', async () => {
    const file = Buffer.concat([bytesOf('a,b\nä,1\n'), Buffer.from([0xff]), bytesOf(',2\nö,3\n')]);
    for (let cut = 0; cut <= file.length; cut++) {
      await expect(checked(file, [cut])).rejects.toMatchObject({ line: 3 });
    }
  });

  it('refuses a character that is cut off at the end', async () => {
    await expect(checked(bytesOf('a\nä').subarray(0, -1))).rejects.toMatchObject({ line: 2 });
  });

  it('refuses UTF-16', async () => {
    await expect(checked(Buffer.from('\ufeffa,b\n', 'utf16le'))).rejects.toMatchObject({ line: 1 });
  });
});
