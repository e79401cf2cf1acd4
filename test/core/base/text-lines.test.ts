import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textLines } from '../../../lib/core/base/text-lines.ts';

async function linesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of textLines(Readable.from(chunks))) lines.push(line);
  return lines;
}

test('lines end at line feeds only, wherever the chunks end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '\r', '\u2028', '\u2029', '\u0085') })),
      fc.array(fc.integer({ min: 1, max: 5 })),
      async (lines, sizes) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Uint8Array[] = [];
        let rest = bytes;
        for (const size of sizes) {
          chunks.push(rest.subarray(0, size));
          rest = rest.subarray(size);
        }
        expect(await linesOf([...chunks, rest])).toEqual(lines);
      },
    ),
  );
});

test('a byte order mark is left out', async () => {
  expect(await linesOf([Buffer.from('\ufeffa\n\ufeffb')])).toEqual(['a', '\ufeffb']);
});

test('the last line needs no line feed', async () => {
  expect(await linesOf([Buffer.from('a\n\nb')])).toEqual(['a', '', 'b']);
  expect(await linesOf([])).toEqual([]);
});

test('bytes that are no UTF-8 are refused', async () => {
  await expect(linesOf([Buffer.from([0x61, 0xff])])).rejects.toThrow('line 1 is not in UTF-8');
  await expect(linesOf([Buffer.from([0x61, 0xc3])])).rejects.toThrow(TypeError);
  await expect(linesOf([Buffer.from([0x0a, 0x61, 0xc3]), Buffer.from([0x0a])])).rejects.toThrow('line 2');
});
