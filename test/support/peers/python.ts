import { join } from 'node:path';
import { findPython } from '../../../lib/local/python.ts';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/**
 * Installs the peers from Python's package index, unless they are already installed: requirements.txt in their folder of
 * test/peers.
 * @param toolchain the folder
 * @returns the Python with the peers. Run their modules with `-m`: the scripts of a moved environment don't work
 */
export async function installPythonPeers(toolchain = 'python'): Promise<string> {
  const folder = await installOnce(toolchain, ['requirements.txt'], async (draft) => {
    const python = await findPython();
    await runProgram(python.path, ['-I', '-m', 'venv', draft]);
    const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet'];
    const requirements = join(peerFolder(toolchain), 'requirements.txt');
    await runProgram(pythonIn(draft), [...pip, '--no-deps', '--requirement', requirements]);
  });
  return pythonIn(folder);
}

function pythonIn(folder: string): string {
  return join(folder, 'bin', 'python');
}
