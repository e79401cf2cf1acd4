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

/** Tools from the Python package index, with pinned requirements in requirements/. */
export type PythonTool = 'ministack' | 'cfn-lint' | 'nats-server' | 'schemathesis' | 'valkey';

/** Options of {@link installPythonTool}. */
export interface InstallOptions extends RunOptions {
  /** File of requirements. @default - the tool's file in requirements/ */
  readonly requirements?: string;
  /** @default - the project's `.local` */
  readonly folder?: string;
  readonly step?: Step;
}

/**
 * Installs a tool into its own virtual environment, unless it is installed. Concurrent processes wait for the first one.
 *
 * The environment is created beside its final place and moved there when it is complete, so that an interrupted
 * installation leaves nothing incomplete. Its name contains a digest of the requirements, so other pins get another
 * environment.
 *
 * @returns the environment's Python; run the tool's module with it, because scripts of a moved environment don't work
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
    const created = await run(python.path, ['-I', '-m', 'venv', draft], options);
    if (!created.succeeded) throw new VenvMissing(`Python ${python.version}`, tailOf(created.output));
    const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--quiet'];
    // No dependencies beyond the list, because they wouldn't be pinned.
    const args = [...pip, '--no-deps', '--requirement', requirements];
    const installed = await run(pythonIn(draft), args, options);
    if (!installed.succeeded) throw new InstallFailed(tool, tailOf(installed.output));
    await rm(place, { recursive: true, force: true });
    await rename(draft, place);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Checks the link to the system's Python, which a system upgrade may have removed. */
function isComplete(place: string): Promise<boolean> {
  return access(pythonIn(place)).then(
    () => true,
    () => false,
  );
}

function pythonIn(place: string): string {
  return process.platform === 'win32' ? join(place, 'Scripts', 'python.exe') : join(place, 'bin', 'python');
}
