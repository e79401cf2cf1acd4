import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tailOf } from '../../../lib/local/run.ts';

/** Longer than any server takes, on a busy machine too. */
const START_TIMEOUT_MILLISECONDS = 60_000;

/** How to run a server. */
export interface ServerProgram {
  readonly command: string;
  /** @param folder an empty folder for its files, the same one at each start */
  readonly args: (folder: string) => readonly string[];
  readonly env?: (folder: string) => NodeJS.ProcessEnv;
  /** Writes its files before the first start. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Rejects while it doesn't serve. It is called again and again. */
  readonly ready: () => Promise<void>;
}

/**
 * A real server on this machine with a temporary folder, which can be stopped or killed and started again on its data.
 * It ends with the test process, however that ends.
 */
export class Server implements AsyncDisposable {
  readonly #program: ServerProgram;
  /** Where it has its files. */
  readonly folder: string;
  #child: ChildProcess | undefined;
  #watchdog: ChildProcess | undefined;

  private constructor(program: ServerProgram, folder: string) {
    this.#program = program;
    this.folder = folder;
  }

  /** Starts a server. @throws an error with the end of its output if it doesn't get ready */
  static async start(program: ServerProgram): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-broker-'));
    const server = new Server(program, folder);
    try {
      await program.prepare?.(folder);
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it again on the same data. */
  async start(): Promise<void> {
    const { command, args, env, ready } = this.#program;
    const child = spawn(command, args(this.folder), {
      cwd: this.folder,
      env: { ...process.env, ...env?.(this.folder) },
      // A process group of its own, so that a wrapper script and its server end together.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk).slice(-10_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await once(child, 'spawn');
    this.#child = child;
    this.#watchdog = killWhenAbandoned(child);
    const deadline = Date.now() + START_TIMEOUT_MILLISECONDS;
    while (!(await succeeds(ready))) {
      const problem = hasEnded(child)
        ? 'ended at its start'
        : Date.now() > deadline
          ? 'does not get ready'
          : '';
      if (problem) throw new Error(`${command} ${problem}. The end of its output:\n${tailOf(output)}`);
      await sleep(20);
    }
  }

  /** Stops it in order, as a system that shuts down does. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Kills it with all its processes, as a power failure does. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child?.pid) return;
    const ended = hasEnded(child) ? Promise.resolve() : once(child, 'exit');
    signalGroup(child.pid, signal);
    await ended;
    // What a wrapper script left behind.
    signalGroup(child.pid, 'SIGKILL');
    this.#watchdog?.kill('SIGKILL');
    this.#child = undefined;
    // A process of the group that is still ending may accept connections, and look like the next one.
    while (await succeeds(this.#program.ready)) await sleep(20);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Resolves if something accepts connections on a port of this machine. */
export async function accepts(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/**
 * Kills the process group of a child if this process ends, in whatever way.
 * @returns a process that reads from this one, whose input ends then. Kill it when the child has ended
 */
export function killWhenAbandoned(child: ChildProcess): ChildProcess {
  const script = 'cat; kill -9 -- "-$0"';
  return spawn('sh', ['-c', script, String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/** Signals a process group, if it still has a process. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function succeeds(call: () => Promise<void>): Promise<boolean> {
  return call().then(
    () => true,
    () => false,
  );
}
