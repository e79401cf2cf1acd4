import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/** The peers from npm: test/peers/js/package.json. */
export interface JsPeers {
  /** The folder whose `node_modules` contains them. */
  readonly folder: string;
  /**
   * Loads a peer into this process, ES modules too.
   * @typeParam T the part that the test uses
   */
  load<T>(name: string): T;
}

/** The files that npm reads. */
const PINS = ['package.json', 'package-lock.json', '.npmrc'];

/**
 * Installs the peers from npm, unless they are already installed.
 * @param toolchain their folder in test/peers
 */
export async function installJsPeers(toolchain = 'js'): Promise<JsPeers> {
  const folder = await installOnce(toolchain, PINS, async (draft) => {
    for (const file of PINS) await copyFile(join(peerFolder(toolchain), file), join(draft, file));
    await runProgram('npm', ['ci', '--ignore-scripts', '--no-progress'], { cwd: draft });
  });
  return { folder, load: createRequire(join(folder, 'package.json')) };
}
