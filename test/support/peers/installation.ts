import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_FOLDER, PROJECT_FOLDER } from '../../../lib/local/folder.ts';
import { withLock } from '../../../lib/local/lock.ts';

/** Downloading a toolchain's packages takes a minute, once. A `beforeAll` that installs peers passes this. */
export const INSTALL_TIMEOUT_MILLISECONDS = 600_000;

/** The folder of a toolchain's peers: their pinned packages and the programs that use them. */
export function peerFolder(toolchain: string): string {
  return join(PROJECT_FOLDER, 'test', 'peers', toolchain);
}

/**
 * Installs foreign packages into `.local/peers`, once: the folder's name contains a digest of the pins. If several processes
 * need them, one installs and the others wait.
 * @param pins the files in `source` that pin the packages
 * @param install fills a folder, which is moved when it is complete
 * @param source the folder of the pins. @default - that of the toolchain with this name
 * @returns the folder
 */
export async function installOnce(
  name: string,
  pins: readonly string[],
  install: (draft: string) => Promise<void>,
  source = peerFolder(name),
): Promise<string> {
  const digest = createHash('sha256');
  for (const file of pins) digest.update(await readFile(join(source, file)));
  const parent = join(LOCAL_FOLDER, 'peers');
  const place = join(parent, `${name}-${digest.digest('hex').slice(0, 8)}`);
  const isComplete = () =>
    access(place).then(
      () => true,
      () => false,
    );
  if (await isComplete()) return place;
  await mkdir(parent, { recursive: true });
  await withLock(`${place}.lock`, async () => {
    if (await isComplete()) return;
    const draft = await mkdtemp(`${place}.`);
    try {
      await install(draft);
      await rename(draft, place);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
  return place;
}
