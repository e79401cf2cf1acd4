import { join } from 'node:path';
import { findPython } from '../../../lib/local/python.ts';
import { installOnce, peerFolder } from './installation.ts';
import { runProgram } from './run-program.ts';

/**
 * Installs the peers from Python's package index, unless that was done before: test/peers/python/requirements.txt.
 * @returns the Python that has them; run a module of theirs with `-m`: the scripts of a moved environment don't work
 */
export async function installPythonPeers(): Promise<string> {
  const folder = await installOnce('python', ['requirements.txt'], async (draft) => {
    const python = await findPython();
    await runProgram(python.path, ['-I', '-m', 'venv', draft]);
    const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet'];
    const requirements = join(peerFolder('python'), 'requirements.txt');
    await runProgram(pythonIn(draft), [...pip, '--no-deps', '--requirement', requirements]);
  });
  return pythonIn(folder);
}

function pythonIn(folder: string): string {
  return join(folder, 'bin', 'python');
}
