import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';

const PROGRAM = join(PROJECT_FOLDER, 'bin', 'coatcheck.ts');

/** Runs a program on a terminal. Both of its outputs go to standard output. */
const ON_A_TERMINAL = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
`;

/** The exit code and the outputs of a program. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
  readonly variables?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  readonly cwd?: string;
}

/** Runs the command line into pipes, with none of this process's settings. */
export async function coatcheck(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { exitCode, stdout, stderr } = await bytesOf(args, options);
  return { exitCode, stdout: stdout.toString(), stderr };
}

/** Like {@link coatcheck}, for output that isn't text. */
export async function bytesOf(args: readonly string[], options: RunOptions = {}) {
  const child = startCoatcheck(args, options);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    child.stdout ? buffer(child.stdout) : Buffer.alloc(0),
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ]);
  return { exitCode, stdout, stderr };
}

/** Runs the command line on a terminal. @param options.columns its width, if it reports one */
export async function coatcheckOnTerminal(
  args: readonly string[],
  { variables = {}, stdin = '', columns }: RunOptions & { readonly columns?: number } = {},
): Promise<Omit<Ended, 'stderr'>> {
  const sized = columns === undefined ? [] : ['sh', '-c', `stty columns ${columns}; exec "$0" "$@"`];
  const child = spawn('python3', ['-c', ON_A_TERMINAL, ...sized, process.execPath, PROGRAM, ...args], {
    env: { ...environment(), TERM: 'xterm-256color', ...variables },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { exitCode, stdout: stdout.replaceAll('\r\n', '\n') };
}

/** Starts the command line into pipes, in its own process group. It is stopped after the test if it is still running. */
export function startCoatcheck(
  args: readonly string[],
  { variables = {}, stdin = '', cwd }: RunOptions = {},
): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { ...environment(), ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  // The program may close its input without reading it.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return child;
}

/** Sends SIGINT to the whole group, like Ctrl-C. */
export function interrupt({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGINT');
}

/** Variables of the machine, such as CI, must not change the output. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, AWS_EC2_METADATA_DISABLED: 'true' };
}
