import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a command is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the command when it fires. */
  readonly signal?: AbortSignal;
}

/** What a command that ended left. */
export interface Finished {
  readonly succeeded: boolean;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/**
 * Runs a command to its end and collects what it prints. When the signal fires, the command and all it started are
 * ended.
 * @throws the system's error when it can't be started (`ENOENT` when there is no such command), and the signal's reason
 */
export async function run(
  command: string,
  args: readonly string[],
  { signal, ...options }: RunOptions = {},
): Promise<Finished> {
  signal?.throwIfAborted();
  const child = spawn(command, args, { ...options, detached: HAS_GROUPS, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => endGroupOf(child);
  signal?.addEventListener('abort', end);
  try {
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [exitCode] = await once(child, 'close');
    signal?.throwIfAborted();
    return { succeeded: exitCode === 0, output: Buffer.concat(chunks).toString() };
  } finally {
    signal?.removeEventListener('abort', end);
  }
}

/** Windows has no process groups. */
const HAS_GROUPS = process.platform !== 'win32';

function endGroupOf(child: ChildProcess): void {
  if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  else child.kill();
}

/** The last lines that say something. */
export function tailOf(output: string, lines = 12): string {
  const said = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  return said.slice(-lines).join('\n');
}
