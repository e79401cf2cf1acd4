import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvInvalid } from '../../../examples/csv-profile/csv-invalid.ts';
import { decompressed } from '../../../examples/csv-profile/decompressed.ts';
import { MAX_RECORD_BYTES, readRecords } from '../../../examples/csv-profile/records.ts';
import { bytesOf, inChunks } from './chunks.ts';

interface ReadRecord {
  fields: string[];
  line: number;
}

async function readAll(file: string | Uint8Array, cuts?: readonly number[]) {
  const records: ReadRecord[] = [];
  const bytes = typeof file === 'string' ? bytesOf(file) : file;
  const delimiter = await readRecords(decompressed(inChunks(bytes, cuts)), (fields, line) => {
    records.push({ fields, line });
  });
  return { delimiter, records };
}

const fieldsOf = async (file: string) => (await readAll(file)).records.map(({ fields }) => fields);
const linesOf = async (file: string) => (await readAll(file)).records.map(({ line }) => line);

describe('readRecords', () => {
  it.each([
    ['quoted delimiters, quotes and line breaks', 'a,b\n"1,""x""","y\nz"\n', [['1,"x"', 'y\nz']]],
    ['CRLF', 'a,b\r\n1,2\r\n', [['1', '2']]],
    ['CR alone', 'a,b\r1,2\r', [['1', '2']]],
    [
      'mixed line ends',
      'a,b\r\n1,2\n3,4\r5,6',
      [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    ],
    ['no line end at the end', 'a,b\n1,2', [['1', '2']]],
    ['blank lines', '\n\na,b\n\n1,2\n\r\n', [['1', '2']]],
    ['a byte order mark', '\ufeffa,b\n1,2\n', [['1', '2']]],
    ['a byte order mark before a quote', '\ufeff"a",b\n1,2\n', [['1', '2']]],
    [
      'empty values',
      'a,b\n,\n"",""\n',
      [
        ['', ''],
        ['', ''],
      ],
    ],
    ['one column with an empty value', 'a\n""\n1\n', [[''], ['1']]],
  ])('reads %s', async (_, file, rows) => {
    const [header, ...records] = await fieldsOf(file);
    expect(header).toEqual(rows[0]?.length === 1 ? ['a'] : ['a', 'b']);
    expect(records).toEqual(rows);
  });

  it.each([
    ['comma', 'a,b\n', ','],
    ['semicolon', 'a;b;c,d\n1;2;3\n', ';'],
    ['tab', 'a\tb\n', '\t'],
    ['tab, the first name empty', '\ta\tb\n', '\t'],
    ['pipe', 'a|b', '|'],
    ['what is outside quotes', '"a,b,c,d";"e"\n', ';'],
    ['what is outside quotes that hold a line break', '"a,\nb,c,d";"e"\n', ';'],
    ['comma by default', 'name\n', ','],
    ['the header line, whatever follows', 'a;b\n"1,2,3,4";5\n', ';'],
    ['the first line that is not blank', '\r\n\na;b\n', ';'],
  ])('takes for the delimiter: %s', async (_, file, delimiter) => {
    for (let cut = 0; cut < file.length; cut++) {
      expect((await readAll(file, [cut])).delimiter).toBe(delimiter);
    }
  });

  it('says on which line each record starts', async () => {
    expect(await linesOf('a,b\n1,2\n3,4\n')).toEqual([1, 2, 3]);
    expect(await linesOf('\na,b\n\n\n1,2\n\n3,4\n')).toEqual([2, 5, 7]);
    expect(await linesOf('a,b\n1,"x\ny\n\nz"\n3,4\n')).toEqual([1, 2, 6]);
    expect(await linesOf('a,b\r\n1,"x\r\ny"\r\n\r\n3,4\r\n')).toEqual([1, 2, 5]);
  });

  it.each([
    ['too few fields', 'a,b\n1,2\n3\n4,5\n', 3, 'expected 2 fields as in the header, got 1'],
    ['too many fields', 'a,b\n\n1,2,3\n', 3, 'expected 2 fields as in the header, got 3'],
    ['a quote never closed', 'a,b\n1,2\n3,"4\n5,6\n7,8\n', 3, 'never closed'],
    ['text after a closing quote', 'a,b\n1,"2"x\n', 2, 'after a closing quote'],
    ['a quote in an unquoted field', 'a,b\n1,5" nail\n', 2, 'not quoted'],
    ['damage after a field with CRLF', 'a,b\r\n1,"x\r\ny\r\nz"\r\n3\r\n', 5, 'expected 2 fields'],
  ])('refuses %s', async (_, file, line, problem) => {
    for (let cut = 0; cut < file.length; cut++) {
      await expect(readAll(file, [cut])).rejects.toMatchObject({
        name: 'CsvInvalid',
        line,
        problem: expect.stringContaining(problem),
      });
    }
  });

  it('refuses a record that is too long to hold', async () => {
    async function* endless() {
      yield bytesOf('a,b\n1,2\n3,"');
      for (;;) yield Buffer.alloc(65_536, 'x,\n');
    }
    await expect(readRecords(endless(), () => {})).rejects.toMatchObject({
      line: 3,
      problem: expect.stringContaining(`longer than ${MAX_RECORD_BYTES} bytes`),
    });
  });

  it('refuses a header that is too long to hold', async () => {
    async function* endless() {
      for (;;) yield Buffer.alloc(65_536, 'x,');
    }
    await expect(readRecords(endless(), () => {})).rejects.toMatchObject({ line: 1 });
  });

  it('says up to which line gzip data could be read', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `${index},${(index * 7919) % 104_729}\n`);
    const file = gzipSync(`a,b\n${lines.join('')}`);
    const error = await readAll(file.subarray(0, file.length / 2)).catch((caught: unknown) => caught);
    if (!(error instanceof CsvInvalid)) expect.fail(`expected CsvInvalid, got ${error}`);
    expect(error.problem).toContain('gzip');
    expect(error.line).toBeGreaterThan(10_000);
    expect(error.line).toBeLessThan(40_000);
  });

  it('refuses gzip data that is cut off before the header ends', async () => {
    const file = gzipSync('name,number\n1,2\n');
    for (let length = 2; length < file.length; length++) {
      await expect(readAll(file.subarray(0, length))).rejects.toMatchObject({
        name: 'CsvInvalid',
        problem: expect.stringContaining('gzip'),
      });
    }
  });

  it('passes on an error of the source', async () => {
    async function* source() {
      yield bytesOf('a,b\n1,');
      throw new Error('connection reset');
    }
    await expect(readRecords(source(), () => {})).rejects.toThrow(/^connection reset$/);
  });

  it('reads what another program writes, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        csvFiles,
        fc.array(fc.nat(400), { maxLength: 30 }),
        async ({ text, records }, cuts) => {
          expect((await readAll(text, cuts)).records).toEqual(records);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Files with the records in them and the lines these start on. */
const csvFiles = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    width: fc.integer({ min: 2, max: 4 }),
    endsWithLineEnd: fc.boolean(),
  })
  .chain((dialect) => {
    const unit = fc.oneof(
      fc.constantFrom('"', '\n', '\r\n', ',', ';', '\t', '|', ' ', 'ä', '😀'),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    const field = fc.record({ value: fc.string({ unit, maxLength: 8 }), quoted: fc.boolean() });
    const row = fc.array(field, { minLength: dialect.width, maxLength: dialect.width });
    return fc.array(row).map((rows) => written(dialect, rows));
  });

function written(
  dialect: { delimiter: string; lineEnd: string; width: number; endsWithLineEnd: boolean },
  rows: readonly (readonly { value: string; quoted: boolean }[])[],
): { text: string; records: ReadRecord[] } {
  const header = Array.from({ length: dialect.width }, (_, index) => ({ value: `c${index}`, quoted: false }));
  const records: ReadRecord[] = [];
  const texts: string[] = [];
  let line = 1;
  for (const row of [header, ...rows]) {
    const fields = row.map(({ value }) => value);
    records.push({ fields, line });
    texts.push(
      row
        .map(({ value, quoted }) => {
          return quoted || /["\r\n,;\t|]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
        })
        .join(dialect.delimiter),
    );
    line += 1 + fields.join('').split('\n').length - 1;
  }
  return { text: texts.join(dialect.lineEnd) + (dialect.endsWithLineEnd ? dialect.lineEnd : ''), records };
}
