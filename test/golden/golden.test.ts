import { describe, expect, test } from 'vitest';
import { filesToAdd, goldenFiles, readNow, writtenNow } from './files.ts';
import { FORMATS } from './formats.ts';

describe.each(Object.entries(FORMATS))('fault 34: %s', async (name, format) => {
  const files = await goldenFiles(name);

  test('is written as in the newest file', async () => {
    expect(await writtenNow(format)).toEqual(files.at(-1)?.written);
  });

  if (format.isFixed)
    test('has never been written another way', () => {
      expect(files).toHaveLength(1);
    });

  test.each(files.map((file, index) => ({ file, version: index + 1 })))(
    'version $version is read as it was meant',
    async ({ file }) => {
      expect(await readNow(format, file.written)).toEqual(file.read);
    },
  );
});

test('no format needs a new file', async () => {
  expect([...(await filesToAdd()).keys()]).toEqual([]);
});
