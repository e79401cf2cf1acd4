import { mkdir, readdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  PayloadDenied,
  PayloadMissing,
  StoreUnavailable,
} from '../../../lib/core/base/errors.ts';
import { deleteObjectsBefore } from '../../../lib/stores/directory/delete-objects.ts';
import { DirectoryPayloadStore } from '../../../lib/stores/directory/payload-store.ts';
import { killAfterLines } from '../../support/kill-after-lines.ts';
import { chunked, readAll } from '../../support/streams.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { signal } = new AbortController();

async function openStore() {
  const directory = await temporaryFolder();
  const store = await DirectoryPayloadStore.open(directory, 'payloads');
  const put = (key: string, content: string) => store.put(key, chunked(content), {}, signal);
  const read = async (key: string) =>
    String(await readAll((await store.open({ ...store.location, key }, signal)).body));
  return { directory, store, put, read };
}

/** The files of complete objects. */
async function objectsIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.parentPath.endsWith('unfinished'));
  return files.map(({ parentPath, name }) => join(parentPath, name));
}

describe('keys', () => {
  test.each([
    '../outside',
    '/etc/passwd',
    '..',
    '.',
    'a/../../b',
    'a\0b',
    'C:\\windows',
    'x'.repeat(1_024),
    'A/a',
    'a/A',
  ])('%.40j names an object in the directory', async (key) => {
    const { directory, put, read } = await openStore();
    await put(key, 'content');
    expect(await read(key)).toBe('content');
    expect(await objectsIn(directory)).toHaveLength(1);
    expect(await readdir(dirname(directory))).not.toContain('outside');
  });

  test('that differ in case only are different', async () => {
    const { put, read } = await openStore();
    await put('a', 'lower');
    await put('A', 'upper');
    expect([await read('a'), await read('A')]).toEqual(['lower', 'upper']);
  });
});

describe('links', () => {
  test('in place of an object are not followed', async () => {
    const { directory, store, put } = await openStore();
    await put('a', 'content');
    const [path = ''] = await objectsIn(directory);
    const outside = join(await temporaryFolder(), 'outside');
    await rename(path, outside);
    await symlink(outside, path);
    await expect(store.open({ ...store.location, key: 'a' }, signal)).rejects.toThrow(PayloadDenied);
  });

  test('in place of a folder are not followed', async () => {
    const { directory, store, put } = await openStore();
    await put('a', 'content');
    const [path = ''] = await objectsIn(directory);
    const outside = join(await temporaryFolder(), 'outside');
    await rename(dirname(path), outside);
    await symlink(outside, dirname(path));
    await expect(store.open({ ...store.location, key: 'a' }, signal)).rejects.toThrow(PayloadDenied);
  });

  test('to the directory itself are followed', async () => {
    const { directory, put } = await openStore();
    await put('a', 'content');
    const name = join(await temporaryFolder(), 'link');
    await symlink(directory, name);
    const store = await DirectoryPayloadStore.open(name);
    const { size, discard } = await store.open({ ...store.location, key: 'a' }, signal);
    discard();
    expect(size).toBe(7);
  });
});

test.each([
  { bucket: 'payloads', key: 'a' },
  { scheme: 'file', bucket: 'other', key: 'a' },
  { scheme: 'file', bucket: 'payloads', key: 'a', versionId: '1' },
] as const)('%j is not in the store', async (check) => {
  const { store, put } = await openStore();
  await put('a', 'content');
  await expect(store.open(check, signal)).rejects.toThrow(PayloadMissing);
});

test('keeps what an upload says about its content', async () => {
  const { store } = await openStore();
  const upload = {
    contentType: 'text/csv',
    contentEncoding: 'gzip',
    contentLanguage: 'pl',
    metadata: { customer: 'żółć' },
  };
  await store.put('a', chunked('content'), upload, signal);
  const { body, discard: _, ...opened } = await store.open({ ...store.location, key: 'a' }, signal);
  expect(opened).toEqual({ ...upload, size: 7 });
  expect(String(await readAll(body))).toBe('content');
});

test('refuses metadata that is too long', async () => {
  const { store } = await openStore();
  const upload = { metadata: { note: 'x'.repeat(40_000) } };
  await expect(store.put('a', chunked('content'), upload, signal)).rejects.toThrow('the limit is 32768');
});

test('a damaged object is unavailable', async () => {
  const { directory, store, put } = await openStore();
  await put('a', 'content');
  const [path = ''] = await objectsIn(directory);
  await writeFile(path, 'no header');
  await expect(store.open({ ...store.location, key: 'a' }, signal)).rejects.toThrow(StoreUnavailable);
});

test.each(['', 'A', 'a/b', '..', 'my store', 'x'.repeat(64)])('refuses the name %j', async (name) => {
  const directory = await temporaryFolder();
  await expect(DirectoryPayloadStore.open(directory, name)).rejects.toThrow(ConfigurationError);
});

describe('deleting old files', () => {
  test('deletes objects and unfinished ones that are older, and no others', async () => {
    const { directory, store, put, read } = await openStore();
    await put('old', 'content');
    const old = await objectsIn(directory);
    await put('new', 'content');
    await writeFile(join(directory, 'unfinished', 'old'), 'cont');
    await writeFile(join(directory, 'unfinished', 'new'), 'cont');
    const before = Date.now() - 60_000;
    for (const path of [...old, join(directory, 'unfinished', 'old')])
      await utimes(path, 0, before / 1000 - 1);
    expect(await deleteObjectsBefore(directory, before, signal)).toBe(2);
    expect(await store.recall('old', signal)).toBeUndefined();
    expect(await read('new')).toBe('content');
    expect(await readdir(join(directory, 'unfinished'))).toEqual(['new']);
  });

  test('keeps a copy as long as a new object', async () => {
    const { directory, store, put, read } = await openStore();
    const result = await put('result', 'content');
    for (const path of await objectsIn(directory)) await utimes(path, 0, 0);
    await store.copyForConsumer(result, 'copy');
    expect(await deleteObjectsBefore(directory, Date.now() - 60_000, signal)).toBe(0);
    expect(await read('copy')).toBe('content');
  });

  test('keeps a result that a later attempt adopts as long as a new object', async () => {
    const { directory, put, read } = await openStore();
    await put('result', 'content');
    for (const path of await objectsIn(directory)) await utimes(path, 0, 0);
    await put('result', 'other');
    expect(await deleteObjectsBefore(directory, Date.now() - 60_000, signal)).toBe(0);
    expect(await read('result')).toBe('content');
  });

  test('while results are adopted, loses none that a writer saw stored', async () => {
    const { directory, put, read } = await openStore();
    const keys = Array.from({ length: 20 }, (_, nth) => `result ${nth}`);
    for (let round = 0; round < 5; round++) {
      for (const key of keys) await put(key, 'content');
      for (const path of await objectsIn(directory)) await utimes(path, 0, 0);
      const before = Date.now() - 60_000;
      await Promise.all([
        deleteObjectsBefore(directory, before, signal),
        deleteObjectsBefore(directory, before, signal),
        ...keys.map((key) => put(key, 'content')),
      ]);
      for (const key of keys) expect(await read(key)).toBe('content');
    }
  });

  test('ignores other files', async () => {
    const { directory } = await openStore();
    await writeFile(join(directory, 'notes.txt'), '');
    await mkdir(join(directory, 'empty'));
    expect(await deleteObjectsBefore(directory, Date.now() + 60_000, signal)).toBe(0);
  });
});

test('a process that is killed leaves complete objects only', async () => {
  const directory = await temporaryFolder();
  const confirmed = await killAfterLines('directory-writer.ts', [directory], 20);
  const store = await DirectoryPayloadStore.open(directory);
  const content = 'x'.repeat(1_000_000);
  for (let nth = 0; nth < confirmed.length + 5; nth++) {
    const opened = await store.recall(`results/${nth}`, signal);
    if (opened) expect(String(await readAll(opened.body)) === content).toBe(true);
    else expect(confirmed).not.toContain(String(nth));
  }
  await deleteObjectsBefore(directory, Date.now() + 60_000, signal);
  expect(await readdir(join(directory, 'unfinished'))).toEqual([]);
});
