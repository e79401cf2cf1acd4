import { Column, type ColumnProfile } from './column.ts';
import { CsvInvalid } from './csv-invalid.ts';
import { decompressed } from './decompressed.ts';
import { readRecords } from './records.ts';
import { checkedUtf8 } from './utf8.ts';

/** What is said of a CSV file. */
export interface Profile {
  /** Records, the header aside. */
  readonly rows: number;
  readonly delimiter: string;
  readonly columns: readonly ColumnProfile[];
}

/** How to profile. */
export interface ProfileOptions {
  /** Ends the profiling early, with an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Told the bytes read so far, as they were stored: before they are decompressed. */
  readonly onRead?: (bytes: number) => void;
}

/** Most columns: each takes some memory, however many rows there are. */
export const MAX_COLUMNS = 1_000;

/** Different values counted, over all columns, and in one of them: some 50 MiB when all are long. */
const TABLE_PLACES = 131_072;
const MAX_COLUMN_PLACES = 8_192;

/**
 * Profiles a CSV file, gzipped or not, while it is read: memory depends on its columns, not on its length.
 * @throws CsvInvalid when the file is broken, saying the line
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
