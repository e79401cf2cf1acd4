import { PythonMissing } from './errors.ts';
import { type RunOptions, run } from './run.ts';

/** Oldest Python that the tools support: major and minor version. */
const MINIMUM = [3, 10] as const;

/** Commands to try, best first: some systems have newer versions beside an old `python3`. */
const CANDIDATES: readonly (readonly string[])[] = [
  ['python3'],
  ['python'],
  ['python3.14'],
  ['python3.13'],
  ['python3.12'],
  ['python3.11'],
  ['python3.10'],
  ['py', '-3'],
];

const PRINT_VERSION = 'import sys; print(sys.executable, *sys.version_info[:3], sep="\\n")';

/** A supported Python. */
export interface Python {
  /** Path of its executable. */
  readonly path: string;
  readonly version: string;
}

/**
 * Finds a Python on the `PATH`.
 * @throws PythonMissing, which lists versions that are too old
 */
export async function findPython(options: RunOptions = {}): Promise<Python> {
  const tooOld: string[] = [];
  for (const candidate of CANDIDATES) {
    const python = await readVersion(candidate, options);
    if (!python) continue;
    if (isNewEnough(python.version)) return python;
    tooOld.push(`${candidate.join(' ')} ${python.version}`);
  }
  throw new PythonMissing(MINIMUM.join('.'), tooOld);
}

/** Undefined if the command doesn't exist, or isn't a working Python. */
async function readVersion([command = '', ...args]: readonly string[], options: RunOptions) {
  try {
    const { succeeded, output } = await run(command, [...args, '-c', PRINT_VERSION], options);
    const [path, ...version] = output.trim().split(/\r?\n/);
    return succeeded && path && version.length === 3 ? { path, version: version.join('.') } : undefined;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}
