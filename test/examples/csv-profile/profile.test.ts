import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvInvalid } from '../../../examples/csv-profile/csv-invalid.ts';
import { MAX_COLUMNS, type Profile, profileCsv } from '../../../examples/csv-profile/profile.ts';
import { bytesOf, inChunks } from './chunks.ts';
// Python's results for the same files, from known-answers.py.
import answers from './known-answers.json' with { type: 'json' };

const data = fileURLToPath(new URL('../../../node_modules/vega-datasets/data/', import.meta.url));
const dataFiles = readdirSync(data).filter((name) => name.endsWith('.csv'));

function profile(file: string | Uint8Array, cuts?: readonly number[]): Promise<Profile> {
  return profileCsv(inChunks(typeof file === 'string' ? bytesOf(file) : file, cuts));
}

async function columnOf(...values: string[]) {
  const { columns } = await profile(`before,name,after\n${values.map((value) => `1,${value},2\n`).join('')}`);
  return columns[1];
}

describe('profileCsv on real files', () => {
  it.each(Object.entries(answers))('agrees with Python on %s', async (name, expected) => {
    const found = await profile(readFileSync(data + name));
    expect(found.rows).toBe(expected.rows);
    expect(found.columns.map((column) => column.name)).toEqual(expected.columns.map((column) => column.name));
    for (const [index, column] of found.columns.entries()) {
      const { distinct, top, mean, standardDeviation, ...exact } = expected.columns[index] ?? expect.fail();
      expect(column).toMatchObject(exact);
      expectAbout(column.mean, mean);
      expectAbout(column.standardDeviation, standardDeviation);
      if (column.distinct.exact) {
        expect(column.distinct.count).toBe(distinct);
        expect(column.top).toEqual({ values: top, undercount: 0 });
      } else {
        expect(Math.abs(column.distinct.count / distinct - 1)).toBeLessThan(0.033);
      }
    }
  });

  it('detects the types of columns', async () => {
    const typesOf = async (name: string) =>
      Object.fromEntries(
        (await profile(readFileSync(data + name))).columns.map(({ name, type }) => [name, type]),
      );
    expect(await typesOf('seattle-weather.csv')).toEqual({
      date: 'date',
      precipitation: 'number',
      temp_max: 'number',
      temp_min: 'number',
      wind: 'number',
      weather: 'string',
    });
    expect(await typesOf('zipcodes.csv')).toMatchObject({ zip_code: 'string', latitude: 'number' });
    expect(await typesOf('birdstrikes.csv')).toMatchObject({
      'Flight Date': 'date',
      'Cost Total $': 'integer',
    });
  });

  it.each(dataFiles)('profiles %s, gzipped or not', async (name) => {
    const file = readFileSync(data + name);
    const found = await profile(file);
    expect(found.rows).toBeGreaterThan(0);
    expect(await profile(gzipSync(file), [1, 10, 1_000])).toEqual(found);
    for (const column of found.columns) {
      const listed = column.top.values.reduce((sum, { count }) => sum + count, 0);
      expect(listed + column.nulls).toBeLessThanOrEqual(found.rows);
      expect(column.distinct.count).toBeLessThanOrEqual(found.rows - column.nulls);
    }
  });
});

/** Compares twelve digits: Python adds in a different order. */
function expectAbout(found: number | undefined, expected: number | undefined): void {
  if (expected === undefined || found === undefined) expect(found).toBe(expected);
  else expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
}

describe('profileCsv', () => {
  it('profiles a column of whole numbers', async () => {
    expect(await columnOf('3', '', '1', '3', '-5')).toEqual({
      name: 'name',
      type: 'integer',
      nulls: 1,
      min: -5,
      max: 3,
      mean: 0.5,
      standardDeviation: Math.sqrt(43 / 3),
      distinct: { count: 3, exact: true },
      top: {
        values: [
          { value: '3', count: 2 },
          { value: '-5', count: 1 },
          { value: '1', count: 1 },
        ],
        undercount: 0,
      },
    });
  });

  it.each([
    ['integer and number', ['1', '2.5'], { type: 'number', min: 1, max: 2.5 }],
    ['number and text', ['1', 'x'], { type: 'string', min: '1', max: 'x' }],
    ['boolean and number', ['true', '1'], { type: 'string', min: '1', max: 'true' }],
    ['date and text', ['2020-01-01', 'never'], { type: 'string', min: '2020-01-01', max: 'never' }],
    ['text and nothing', ['', 'x'], { type: 'string', nulls: 1, min: 'x', max: 'x' }],
    ['days and times', ['2020-01-02', '2020-01-01T12:00Z'], { type: 'date', min: '2020-01-01T12:00Z' }],
    [
      'times of different offsets, ordered by time',
      ['2020-01-01T12:00-05:00', '2020-01-01T13:00+00:00'],
      { type: 'date', min: '2020-01-01T13:00+00:00', max: '2020-01-01T12:00-05:00' },
    ],
    ['nulls only', ['NA', '', 'null'], { type: 'empty', nulls: 3, distinct: { count: 0, exact: true } }],
  ])('gives a column of %s a type that fits both', async (_, values, expected) => {
    expect(await columnOf(...values)).toMatchObject(expected);
  });

  it('gives no range for booleans and empty columns, and no mean for text', async () => {
    expect(Object.keys((await columnOf('true', 'false')) ?? {})).not.toContain('min');
    expect(Object.keys((await columnOf('')) ?? {})).not.toContain('min');
    expect(Object.keys((await columnOf('x')) ?? {})).not.toContain('mean');
  });

  it('distinguishes long values without storing them', async () => {
    const column = await columnOf(`${'x'.repeat(5_000)}a`, `${'x'.repeat(5_000)}b`, `${'x'.repeat(5_000)}b`);
    expect(column).toMatchObject({ type: 'string', distinct: { count: 2, exact: true } });
    expect(column?.top.values[0]).toMatchObject({
      value: expect.stringContaining('5001 characters'),
      count: 2,
    });
    expect(JSON.stringify(column).length).toBeLessThan(1_000);
  });

  it('estimates, and reports it, if there are too many distinct values', async () => {
    const rows = Array.from({ length: 60_000 }, (_, row) => `${row % 3 === 0 ? 'often' : row}\n`);
    const { columns } = await profile(`name\n${rows.join('')}`);
    const [column = expect.fail()] = columns;
    expect(column.distinct.exact).toBe(false);
    expect(Math.abs(column.distinct.count / 40_001 - 1)).toBeLessThan(0.033);
    const [often, ...others] = column.top.values;
    expect(others).toEqual([]);
    expect(often?.value).toBe('often');
    expect(often?.count).toBeLessThanOrEqual(20_000);
    expect((often?.count ?? 0) + column.top.undercount).toBeGreaterThanOrEqual(20_000);
  });

  it('has no rows if there is only a header', async () => {
    expect(await profile('a,b\n')).toMatchObject({
      rows: 0,
      columns: [{ type: 'empty' }, { type: 'empty' }],
    });
  });

  it.each([
    ['an empty file', '', 1, 'no header'],
    ['a file of blank lines', '\n\n', 1, 'no header'],
    ['a gzipped empty file', gzipSync(''), 1, 'no header'],
    ['a name for two columns', '\na,b,a\n', 2, 'two columns "a"'],
    ['too many columns', `${Array.from({ length: MAX_COLUMNS + 1 }, String).join()}\n`, 1, '1001 columns'],
    ['a record with too few fields', 'a,b\n1,2\n3\n', 3, 'expected 2 fields as in the header, got 1'],
    ['bytes that are not UTF-8', Buffer.from('a,b\n1,2\n\xff,2\n', 'latin1'), 3, 'UTF-8'],
  ])('refuses %s', async (_, file, line, problem) => {
    await expect(profile(file)).rejects.toMatchObject({
      name: 'CsvInvalid',
      line,
      problem: expect.stringContaining(problem),
    });
  });

  it('accepts one column without a name, as data frames have it', async () => {
    const { columns } = await profile(',a\n0,x\n1,y\n');
    expect(columns.map(({ name }) => name)).toEqual(['', 'a']);
  });

  it('does not depend on chunk boundaries', async () => {
    const lines = fc.array(fc.constantFrom('1,"ä\nb"', '2.5,😀', '"3","""q"""', ',NA', '4,2020-01-01'), {
      minLength: 1,
    });
    const cuts = fc.array(fc.nat(300), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lines, cuts, fc.boolean(), async (rows, at, packed) => {
        const file = bytesOf(`number,text\r\n${rows.join('\r\n')}`);
        const found = await profile(packed ? gzipSync(file) : file, at);
        expect(found).toEqual(await profile(file));
        expect(found.rows).toBe(rows.length);
      }),
    );
  });

  it('turns any bytes into a profile or an error with its line', async () => {
    const nearlyCsv = fc.array(
      fc.oneof(
        {
          weight: 9,
          arbitrary: fc.constantFrom('a', '1', ',', ';', '"', '\n', '\r\n', '\r', 'ä', '\0').map(bytesOf),
        },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
      ),
    );
    await fc.assert(
      fc.asyncProperty(nearlyCsv, fc.boolean(), fc.nat(20), async (parts, packed, missing) => {
        const text = Buffer.concat(parts);
        const file = packed ? gzipSync(text) : text;
        const outcome = await profile(file.subarray(0, file.length - missing)).catch(
          (error: unknown) => error,
        );
        if (outcome instanceof CsvInvalid) expect(outcome.line).toBeGreaterThanOrEqual(1);
        else expect(outcome).toHaveProperty('rows', expect.any(Number));
      }),
      { numRuns: 1_000 },
    );
  });

  it('reports the bytes it has read, as stored', async () => {
    const file = gzipSync(`a,b\n${'1,2\n'.repeat(1_000)}`);
    const reported: number[] = [];
    await profileCsv(inChunks(file, [10, 20]), { onRead: (bytes) => reported.push(bytes) });
    expect(reported).toEqual([10, 20, file.length]);
  });

  it('stops at the signal and closes the source', async () => {
    const stop = new AbortController();
    const reason = new Error('out of time');
    let closed = false;
    async function* endless() {
      try {
        yield bytesOf('a,b\n');
        for (;;) yield bytesOf('1,2\n');
      } finally {
        closed = true;
      }
    }
    const onRead = (bytes: number) => {
      if (bytes > 1_000) stop.abort(reason);
    };
    await expect(profileCsv(endless(), { signal: stop.signal, onRead })).rejects.toMatchObject({
      name: 'AbortError',
      cause: reason,
    });
    await expect.poll(() => closed).toBe(true);
  });

  it('passes on an error of the source', async () => {
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('connection reset')),
    });
    await expect(profileCsv(source)).rejects.toThrow(/^connection reset$/);
  });
});
