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
 * Installs the peers of a toolchain into `.local/peers`, once: the folder's name holds a digest of the pins. Of several
 * processes one installs and the others wait.
 * @param pins the files in the toolchain's folder that say what is installed
 * @param install fills the folder it is given; the folder is moved when it is complete
 * @returns the folder
 */
export async function installOnce(
  toolchain: string,
  pins: readonly string[],
  install: (draft: string) => Promise<void>,
): Promise<string> {
  const digest = createHash('sha256');
  for (const file of pins) digest.update(await readFile(join(peerFolder(toolchain), file)));
  const parent = join(LOCAL_FOLDER, 'peers');
  const place = join(parent, `${toolchain}-${digest.digest('hex').slice(0, 8)}`);
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
