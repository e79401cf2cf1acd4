import { Column, type ColumnProfile } from './column.ts';
import { CsvInvalid } from './csv-invalid.ts';
import { decompressed } from './decompressed.ts';
import { readRecords } from './records.ts';
import { checkedUtf8 } from './utf8.ts';

/** Profile of a CSV file. */
export interface Profile {
  /** Records, without the header. */
  readonly rows: number;
  readonly delimiter: string;
  readonly columns: readonly ColumnProfile[];
}

/** Options of a profile. */
export interface ProfileOptions {
  /** Aborts with an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Called with the bytes read so far, before decompression. */
  readonly onRead?: (bytes: number) => void;
}

/** Most columns; each takes a fixed amount of memory. */
export const MAX_COLUMNS = 1_000;

/** Distinct values counted exactly, over all columns and per column; about 50 MiB if all are long. */
const TABLE_PLACES = 131_072;
const MAX_COLUMN_PLACES = 8_192;

/**
 * Profiles a CSV file, gzipped or not, while reading it. Memory depends on its columns, not on its length.
 * @throws CsvInvalid for an invalid file, with the line
 */
export async function profileCsv(
  source: AsyncIterable<Uint8Array>,
  options: ProfileOptions = {},
): Promise<Profile> {
  let columns: Column[] = [];
  let rows = -1;
  const onRecord = (fields: string[], line: number) => {
    rows++;
    if (rows === 0) columns = columnsOf(fields, line);
    else for (let i = 0; i < fields.length; i++) columns[i]?.add(fields[i] ?? '');
  };
  const bytes = decompressed(counted(source, options.onRead));
  const delimiter = await readRecords(checkedUtf8(bytes), onRecord, options.signal);
  if (rows < 0) throw new CsvInvalid(1, 'no header; the file holds nothing');
  return { rows, delimiter, columns: columns.map((column) => column.profile()) };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onRead: ProfileOptions['onRead'],
): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    onRead?.(bytes);
    yield chunk;
  }
}

function columnsOf(names: readonly string[], line: number): Column[] {
  if (names.length > MAX_COLUMNS) {
    throw new CsvInvalid(line, `${names.length} columns, allowed are ${MAX_COLUMNS}`);
  }
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new CsvInvalid(line, `the header names two columns ${JSON.stringify(repeated)}; is it missing?`);
  }
  const capacity = Math.min(MAX_COLUMN_PLACES, Math.floor(TABLE_PLACES / names.length));
  return names.map((name) => new Column(name, capacity));
}
