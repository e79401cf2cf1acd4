import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PythonMissing } from '../../lib/local/errors.ts';
import { findPython } from '../../lib/local/python.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('says what to install without any Python', async () => {
  const error = await findPython({ env: { PATH: await temporaryFolder() } }).catch((reason) => reason);

  expect(error).toBeInstanceOf(PythonMissing);
  expect(error.message).toMatch(/requires Python 3\.10 or later; found none on the PATH/);
  expect(error.message).toMatch(/apt install python3 python3-venv/);
  expect(error.message).toMatch(/AWS_ENDPOINT_URL/);
});

test('names a Python that is too old', async () => {
  const folder = await temporaryFolder();
  await pretendPython(join(folder, 'python3'), '3.9.18');

  await expect(findPython({ env: { PATH: folder } })).rejects.toThrow('found only python3 3.9.18');
});

test('finds a newer Python beside an old python3', async () => {
  const folder = await temporaryFolder();
  const real = await findPython();
  await pretendPython(join(folder, 'python3'), '3.6.8');
  await symlink(real.path, join(folder, 'python3.11'));

  expect(await findPython({ env: { PATH: folder } })).toMatchObject({ version: real.version });
});

test('skips a command that is no Python', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'python3'), '#!/bin/sh\necho not found; exit 127\n', { mode: 0o755 });

  await expect(findPython({ env: { PATH: folder } })).rejects.toThrow('found none on the PATH');
});

/** An executable that answers like a Python of this version. */
function pretendPython(path: string, version: string): Promise<void> {
  const answer = [path, ...version.split('.')].join('\n');
  return writeFile(path, `#!/bin/sh\ncat <<END\n${answer}\nEND\n`.replace('cat', '/bin/cat'), {
    mode: 0o755,
  });
}
