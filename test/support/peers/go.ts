import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/**
 * Builds a program of Go peers, unless that was done before: test/peers/go/go.mod.
 * @param name its folder in test/peers/go
 * @returns the program
 */
export async function buildGoPeer(name: string): Promise<string> {
  const sources = (await readdir(join(peerFolder('go'), name))).map((file) => join(name, file));
  const folder = await installOnce('go', ['go.mod', 'go.sum', ...sources], async (draft) => {
    await runProgram('go', ['build', '-o', join(draft, name), `./${name}`], { cwd: peerFolder('go') });
  });
  return join(folder, name);
}
