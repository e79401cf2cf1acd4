import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { PROJECT_FOLDER } from '../folder.ts';

/** The expected outcome of a payload: a number of rows, or a failure at a line. */
export type Expected = { readonly rows: number } | { readonly failsAtLine: number };

/** A payload of the demo. */
export interface DemoPayload {
  readonly name: string;
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  readonly body: () => Readable;
  /** Absent if any outcome is fine. */
  readonly expected?: Expected;
}

/** Minimum size of the large payload: 110 MiB, generated while it is sent. */
const LARGE_BYTES = 115_343_360;

/** Real CSV files, small to large, and a broken one. */
export async function demoPayloads(): Promise<readonly DemoPayload[]> {
  const weather = await readCsv('seattle-weather.csv');
  const zipcodes = await readCsv('zipcodes.csv');
  const birdstrikes = await readCsv('birdstrikes.csv');
  return [whole(weather), gzipped(zipcodes), repeated(birdstrikes), broken(weather)];
}

interface Csv {
  readonly name: string;
  readonly header: string;
  /** Rows with their line breaks. No field of these files has a line break, so each line is a row. */
  readonly rows: readonly string[];
}

async function readCsv(name: string): Promise<Csv> {
  const text = await readFile(join(PROJECT_FOLDER, 'node_modules', 'vega-datasets', 'data', name), 'utf8');
  const [header = '', ...rows] = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => `${line}\n`);
  return { name, header, rows };
}

function whole({ name, header, rows }: Csv): DemoPayload {
  return payload(name, Buffer.from(header + rows.join('')), { rows: rows.length });
}

function gzipped({ name, header, rows }: Csv): DemoPayload {
  const bytes = gzipSync(header + rows.join(''));
  return payload(`${name}.gz`, bytes, { rows: rows.length }, 'application/gzip');
}

function repeated({ name, header, rows }: Csv): DemoPayload {
  const head = Buffer.from(header);
  const body = Buffer.from(rows.join(''));
  const times = Math.ceil(LARGE_BYTES / body.length);
  function* parts() {
    yield head;
    for (let i = 0; i < times; i++) yield body;
  }
  return {
    name: name.replace('.csv', `-x${times}.csv`),
    contentType: 'text/csv',
    size: head.length + times * body.length,
    body: () => Readable.from(parts(), { objectMode: false }),
    expected: { rows: rows.length * times },
  };
}

/** A row in the middle has one field too many. */
function broken({ header, rows }: Csv): DemoPayload {
  const index = Math.floor(rows.length / 2);
  const damaged = rows.with(index, `surplus,${rows[index]}`);
  const line = index + 2; // lines count from 1, and the header is the first
  return payload('broken.csv', Buffer.from(header + damaged.join('')), {
    failsAtLine: line,
  });
}

function payload(name: string, bytes: Buffer, expected: Expected, contentType = 'text/csv'): DemoPayload {
  return { name, contentType, size: bytes.length, body: () => Readable.from([bytes]), expected };
}
