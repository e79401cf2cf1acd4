import { pipeline } from 'node:stream/promises';
import { CsvError, type Info, parse } from 'csv-parse';
import { CsvInvalid } from './csv-invalid.ts';
import { isGzipError } from './decompressed.ts';
import { peek } from './peek.ts';

/** Longest record, including line breaks in quotes; bounds the memory. */
export const MAX_RECORD_BYTES = 1_048_576;

/** Possible delimiters, in order of preference if equally frequent. */
const DELIMITERS = [',', ';', '\t', '|'];

const PROBLEMS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field is never closed',
  CSV_MAX_RECORD_SIZE: `a record longer than ${MAX_RECORD_BYTES} bytes; is a quoted field never closed?`,
  CSV_INVALID_CLOSING_QUOTE: 'text after a closing quote; a quote inside a quoted field is written twice',
  INVALID_OPENING_QUOTE: 'a quote inside a field that is not quoted; quote the field and double the quote',
};

/**
 * Calls `onRecord` with the fields of every record, the header's first, and the line it starts on. Blank lines are
 * skipped.
 * @returns the detected delimiter
 * @throws CsvInvalid with the first line of the invalid record; `onRecord` may throw it too
 */
export async function readRecords(
  source: AsyncIterable<Uint8Array>,
  onRecord: (fields: string[], line: number) => void,
  signal?: AbortSignal,
): Promise<string> {
  const lines = new LineCount();
  let width: number | undefined;
  const take = (fields: string[]) => {
    const line = lines.next;
    width ??= fields.length;
    if (fields.length !== width) {
      throw new CsvInvalid(line, `expected ${width} fields as in the header, got ${fields.length}`);
    }
    onRecord(fields, line);
    lines.pass(fields);
    return null; // keeps the parser's queue empty
  };
  try {
    const { head, all } = await peek(source, hasHeader);
    const delimiter = delimiterOf(head);
    const parser = parse({
      bom: true,
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_BYTES,
      relax_column_count: true, // take() checks the count, because it knows the record's first line
      on_record: take,
    });
    lines.follow(parser.info);
    await pipeline(all, parser.resume(), { signal });
    return delimiter;
  } catch (error) {
    throw asCsvInvalid(error, lines.next);
  }
}

function hasHeader(head: Buffer): boolean {
  const lines = unquotedLines(head);
  const header = lines.findIndex(isNotBlank);
  return (header >= 0 && header < lines.length - 1) || head.length >= MAX_RECORD_BYTES;
}

/** The most frequent candidate in the header; a comma if there is none. */
function delimiterOf(head: Buffer): string {
  const header = unquotedLines(head).find(isNotBlank) ?? '';
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Lines without quoted text, which may contain delimiters and line breaks. */
function unquotedLines(bytes: Buffer): string[] {
  return bytes
    .toString()
    .replaceAll(/"[^"]*"?/g, '""')
    .split(/\r\n|\n|\r/);
}

function isNotBlank(line: string): boolean {
  return line.trim() !== '';
}

/** Turns errors about invalid files into CsvInvalid; others (a broken connection) stay unchanged. */
function asCsvInvalid(error: unknown, line: number): unknown {
  if (isGzipError(error)) {
    return new CsvInvalid(line, 'the gzip data is damaged or cut off', { cause: error });
  }
  if (!(error instanceof CsvError)) return error;
  return new CsvInvalid(line, PROBLEMS[error.code] ?? error.message, { cause: error });
}

/** Tracks the first line of records. csv-parse reports only last lines, and counts a quoted CRLF as two lines. */
class LineCount {
  #info: Pick<Info, 'lines' | 'empty_lines'> = { lines: 0, empty_lines: 0 };
  #ended = 0;
  #endedBeforeCorrection = 0;
  #blank = 0;

  /** Uses the parser's counters, which are updated live. */
  follow(info: Pick<Info, 'lines' | 'empty_lines'>): void {
    this.#info = info;
  }

  /** First line of the next record. */
  get next(): number {
    return this.#ended + 1 + this.#info.empty_lines - this.#blank;
  }

  /** Advances past the record that was just read. */
  pass(fields: readonly string[]): void {
    const start = this.next;
    const breaks = this.#info.lines - this.#endedBeforeCorrection - (start - this.#ended);
    this.#ended = start + (breaks === 0 ? 0 : breaks - countCrlf(fields));
    this.#endedBeforeCorrection = this.#info.lines;
    this.#blank = this.#info.empty_lines;
  }
}

function countCrlf(fields: readonly string[]): number {
  return fields.reduce((count, field) => count + field.split('\r\n').length - 1, 0);
}
