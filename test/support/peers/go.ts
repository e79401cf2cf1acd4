import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/**
 * Builds a program of Go peers, unless it is already built.
 * @param name its folder in the module
 * @param module a folder in test/peers with a go.mod
 * @returns the program
 */
export async function buildGoPeer(name: string, module: 'go' | 'pubsub' = 'go'): Promise<string> {
  const sources = (await readdir(join(peerFolder(module), name))).map((file) => join(name, file));
  const folder = await installOnce(module, ['go.mod', 'go.sum', ...sources], async (draft) => {
    await runProgram('go', ['build', '-o', join(draft, name), `./${name}`], { cwd: peerFolder(module) });
  });
  return join(folder, name);
}
