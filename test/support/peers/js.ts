import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/** The peers from npm: test/peers/js/package.json. */
export interface JsPeers {
  /** Has them in its `node_modules`. */
  readonly folder: string;
  /**
   * Loads a peer into this process, ES modules too.
   * @typeParam T what the test uses of it
   */
  load<T>(name: string): T;
}

/** What npm reads. */
const PINS = ['package.json', 'package-lock.json', '.npmrc'];

/** Installs the peers from npm, unless that was done before. */
export async function installJsPeers(): Promise<JsPeers> {
  const folder = await installOnce('js', PINS, async (draft) => {
    for (const file of PINS) await copyFile(join(peerFolder('js'), file), join(draft, file));
    await runProgram('npm', ['ci', '--ignore-scripts', '--no-progress'], { cwd: draft });
  });
  return { folder, load: createRequire(join(folder, 'package.json')) };
}
