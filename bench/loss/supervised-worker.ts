import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { killWhenAbandoned, signalGroup } from '../../test/support/brokers/server.ts';
import type { WorkerProgram } from './system.ts';

/** How soon a worker that ended by itself is started again, as a supervisor does it. */
const RESTART_MILLISECONDS = 500;

/** A worker as a process of its own, which is started again whenever it ends. */
export class SupervisedWorker implements AsyncDisposable {
  readonly #program: WorkerProgram;
  readonly #log: string;
  #running: Promise<void> | undefined;
  #child: ChildProcess | undefined;
  #isStopped = true;
  /** How often it ended by itself. */
  ends = 0;

  /** @param log the file for its output */
  constructor(program: WorkerProgram, log: string) {
    this.#program = program;
    this.#log = log;
  }

  start(): void {
    this.#isStopped = false;
    this.#running ??= this.#run();
  }

  /** Kills it with all its processes, by SIGKILL. It is started again at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    signalGroup(child.pid, 'SIGKILL');
    await ended;
  }

  /** Kills it for good. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.kill();
    await this.#running;
    this.#running = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { command, args, cwd, env } = this.#program;
      await using output = await open(this.#log, 'a');
      const child = spawn(command, args, {
        cwd,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
      });
      const ended = once(child, 'exit');
      await once(child, 'spawn');
      this.#child = child;
      const watchdog = killWhenAbandoned(child);
      await ended;
      // Processes that the worker had started.
      if (child.pid) signalGroup(child.pid, 'SIGKILL');
      watchdog.kill('SIGKILL');
      if (child.signalCode === 'SIGKILL') continue;
      this.ends++;
      await sleep(RESTART_MILLISECONDS);
    }
  }
}
