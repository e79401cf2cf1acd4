import { note } from '../../terminal/output.ts';
import { ProcessorProcess, type ProcessorProcessOptions } from './processor-process.ts';
import { FileWatcher } from './watch-files.ts';

/** Before a processor is started again whose process has ended by itself. */
const RESTART_MILLISECONDS = 1_000;

/**
 * Runs a processor, and the new one when its files change. The old process runs on until the new one is ready, and then
 * finishes what it has begun. A processor that can't be loaded doesn't replace one that runs.
 */
export class ReloadedProcessor implements AsyncDisposable {
  readonly #options: ProcessorProcessOptions;
  readonly #watcher = new FileWatcher(() => this.#reload('Files changed'));
  readonly #ending = new Set<Promise<void>>();
  #current: ProcessorProcess | undefined;
  #starting: ProcessorProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: ProcessorProcessOptions) {
    this.#options = options;
  }

  /** Starts the first process. @returns when it is ready, or its problem is shown */
  async start(): Promise<void> {
    await this.#startProcess();
  }

  /** Finishes what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#watcher[Symbol.dispose]();
    for (const running of [this.#starting, this.#current]) if (running) this.#stop(running);
    await Promise.all(this.#ending);
  }

  #reload(reason: string): void {
    if (this.#isStopping) return;
    clearTimeout(this.#timer);
    const startedAt = performance.now();
    void this.#startProcess().then((isReady) => {
      if (isReady)
        note(`${reason}: the new processor is ready after ${Math.round(performance.now() - startedAt)} ms`);
    });
  }

  async #startProcess(): Promise<boolean> {
    if (this.#starting) this.#stop(this.#starting);
    // Two processes can't share the debugger's port.
    if (this.#current && this.#options.inspectPort !== undefined) {
      const before = this.#current;
      this.#current = undefined;
      await before.stop();
    }
    const next = new ProcessorProcess(this.#options, (file) => this.#watcher.add(file));
    this.#starting = next;
    const start = await next.started;
    // A later change, or the end, has stopped it.
    if (this.#starting !== next) return false;
    this.#starting = undefined;
    if (!start.ready) {
      this.#stop(next);
      note(`The processor can't be used: ${start.problem}\n${this.#consequence()}`);
      return false;
    }
    if (this.#current) this.#stop(this.#current);
    this.#current = next;
    void next.ended.then((problem) => this.#ended(next, problem));
    return true;
  }

  #consequence(): string {
    return this.#current
      ? 'The one before runs on until a file changes.'
      : 'Requests wait until a file changes.';
  }

  #ended(process: ProcessorProcess, problem: string): void {
    if (this.#current !== process || this.#isStopping) return;
    this.#current = undefined;
    note(`The processor's process has ended: ${problem}. It is started again`);
    this.#timer = setTimeout(() => this.#reload('Started again'), RESTART_MILLISECONDS);
  }

  #stop(process: ProcessorProcess): void {
    if (this.#current === process) this.#current = undefined;
    if (this.#starting === process) this.#starting = undefined;
    const ending = process.stop().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
