import { createHash } from 'node:crypto';
import { access, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Step, silently } from '../terminal/step.ts';
import { InstallFailed, VenvMissing } from './errors.ts';
import { LOCAL_FOLDER, makeFolder } from './folder.ts';
import { withLock } from './lock.ts';
import { findPython } from './python.ts';
import { type RunOptions, run, tailOf } from './run.ts';

/** The tools from Python's package index, each with its pinned requirements in requirements/. */
export type PythonTool = 'ministack' | 'cfn-lint' | 'schemathesis';

/** How a tool is installed. */
export interface InstallOptions extends RunOptions {
  /** A file of requirements. @default - the tool's in requirements/ */
  readonly requirements?: string;
  /** @default - the project's `.local` */
  readonly folder?: string;
  readonly step?: Step;
}

/**
 * Installs a tool into a virtual environment of its own, unless that was done before; of several processes one does
 * it and the others wait.
 *
 * The environment is made beside its final place and moved there when it is complete, so what stands there is never
 * half made, however an earlier installation ended. Its name holds a digest of the requirements: other pins are
 * another environment.
 *
 * @returns the environment's Python; run the tool's module with it: the scripts of a moved environment don't work
 * @throws PythonMissing, VenvMissing, InstallFailed
 */
export async function installPythonTool(tool: PythonTool, options: InstallOptions = {}): Promise<string> {
  const pinned = fileURLToPath(new URL(`requirements/${tool}.txt`, import.meta.url));
  const { requirements = pinned, folder = LOCAL_FOLDER, step = silently, ...runOptions } = options;
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const place = join(folder, `${tool}-${digest.slice(0, 8)}`);
  if (await isComplete(place)) return pythonIn(place);
  await step(`Installing ${tool} into ${relative('', folder)}, once`, async () => {
    await makeFolder(folder);
    const installUnlessDone = async () => {
      if (!(await isComplete(place))) await install(tool, requirements, place, runOptions);
    };
    await withLock(`${place}.lock`, installUnlessDone, options.signal);
  });
  return pythonIn(place);
}

async function install(
  tool: PythonTool,
  requirements: string,
  place: string,
  options: RunOptions,
): Promise<void> {
  const python = await findPython(options);
  const draft = await mkdtemp(`${place}.`);
  try {
    const made = await run(python.path, ['-I', '-m', 'venv', draft], options);
    if (!made.succeeded) throw new VenvMissing(`Python ${python.version}`, tailOf(made.output));
    const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet'];
    // Without dependencies: what isn't in the list isn't pinned.
    const args = [...pip, '--no-deps', '--requirement', requirements];
    const installed = await run(pythonIn(draft), args, options);
    if (!installed.succeeded) throw new InstallFailed(tool, tailOf(installed.output));
    await rm(place, { recursive: true, force: true });
    await rename(draft, place);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Follows the link to the system's Python, which an upgrade of the system may have removed. */
function isComplete(place: string): Promise<boolean> {
  return access(pythonIn(place)).then(
    () => true,
    () => false,
  );
}

function pythonIn(place: string): string {
  return process.platform === 'win32' ? join(place, 'Scripts', 'python.exe') : join(place, 'bin', 'python');
}
