import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deploy } from '../../lib/local/deployment.ts';
import { openLocalAws } from '../../lib/local/emulator.ts';
import { makeFolder } from '../../lib/local/folder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('D7: reports a folder that can not be written, and what to do', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  const folder = join(file, '.local');

  for (const use of [
    () => makeFolder(folder),
    () => makeFolder(file),
    () => openLocalAws({ port: 1, folder }),
    () => deploy({ endpoint: 'http://127.0.0.1:9', folder }),
  ]) {
    await expect(use()).rejects.toMatchObject({
      code: 'folder_unusable',
      message: expect.stringMatching(/isn't writable: .*\nMake it a writable folder/),
    });
  }
});
