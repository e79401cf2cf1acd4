import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { FORMATS, type Format } from './formats.ts';

/** What a version wrote, and what it meant by it. */
export interface GoldenFile {
  readonly written: Readonly<Record<string, unknown>>;
  readonly read: Readonly<Record<string, unknown>>;
}

const FOLDER = join(import.meta.dirname, 'files');

/** The golden files of a format, the oldest first. */
export async function goldenFiles(name: string): Promise<readonly GoldenFile[]> {
  const folder = join(FOLDER, name);
  const files = await readdir(folder).catch(() => []);
  const numbers = files.map((file) => Number.parseInt(file, 10)).sort((one, other) => one - other);
  const texts = await Promise.all(numbers.map((number) => readFile(join(folder, `${number}.json`), 'utf8')));
  return texts.map((text) => JSON.parse(text));
}

/** What is written now. */
export async function writtenNow({ write }: Format): Promise<GoldenFile['written']> {
  return plain(await write());
}

/** What is read now of what was written. */
export async function readNow({ read }: Format, written: GoldenFile['written']): Promise<GoldenFile['read']> {
  if (!read) return {};
  const entries = Object.entries(written).map(async ([name, value]) => [name, await read(value)] as const);
  return plain(Object.fromEntries(await Promise.all(entries)));
}

/** Adds a file for every format whose newest file isn't what is written now. */
export async function addGoldenFiles(): Promise<void> {
  for (const [path, file] of await filesToAdd()) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(file, null, 2)}\n`);
    console.log(`added ${path}`);
  }
}

/** The files that {@link addGoldenFiles} adds, by their paths. The order of members is no difference: JSON has none. */
export async function filesToAdd(): Promise<ReadonlyMap<string, GoldenFile>> {
  const added = new Map<string, GoldenFile>();
  for (const [name, format] of Object.entries(FORMATS)) {
    const files = await goldenFiles(name);
    const written = await writtenNow(format);
    if (isDeepStrictEqual(files.at(-1)?.written, written)) continue;
    added.set(join(FOLDER, name, `${files.length + 1}.json`), {
      written,
      read: await readNow(format, written),
    });
  }
  return added;
}

/** As JSON has it, bytes as base64. */
function plain<Value extends object>(value: Value): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(value, (_, member) => (isBytes(member) ? { base64: base64Of(member) } : member)),
  );
}

/** Bytes, or a buffer after its `toJSON`. */
function isBytes(value: unknown): value is Uint8Array | { readonly data: number[] } {
  if (value instanceof Uint8Array) return true;
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
}

function base64Of(bytes: Uint8Array | { readonly data: number[] }): string {
  return Buffer.from('data' in bytes ? bytes.data : bytes).toString('base64');
}
