import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Options of {@link run}. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Kills the command when it is aborted. */
  readonly signal?: AbortSignal;
}

/** Result of a command. */
export interface RunResult {
  readonly succeeded: boolean;
  /** Standard output and standard error, interleaved. */
  readonly output: string;
}

/**
 * Runs a command to its end and collects its output. When the signal is aborted, kills the command and its child
 * processes.
 * @throws the system's error if it can't be started (`ENOENT` for an unknown command), and the signal's reason
 */
export async function run(
  command: string,
  args: readonly string[],
  { signal, ...options }: RunOptions = {},
): Promise<RunResult> {
  signal?.throwIfAborted();
  const child = spawn(command, args, { ...options, detached: HAS_GROUPS, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => killGroup(child);
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

function killGroup(child: ChildProcess): void {
  if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  else child.kill();
}

/** The last lines that aren't blank. */
export function tailOf(output: string, lines = 12): string {
  const nonBlank = output.split(/\r?\n/).filter((line) => line.trim() !== '');
  return nonBlank.slice(-lines).join('\n');
}
