import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { eventually } from './eventually.ts';

/** A processor that doubles numbers. */
export const DOUBLING_PROCESSOR = resolve('test/worker/fixtures/processor.ts');

/** A processor that never ends, and ignores its signal. */
export const ENDLESS_PROCESSOR = resolve('test/worker/fixtures/endless.ts');

/** A processor that counts in slices, with a checkpoint after each. */
export const SLICES_PROCESSOR = resolve('test/worker/fixtures/slices.ts');

/** A processor with a secret. */
export const SECRET_PROCESSOR = resolve('test/worker/fixtures/secret.ts');

/** `coatcheck worker`, `coatcheck serve` or `coatcheck outbox relay` as a process of its own. It is killed when it is disposed. */
export class WorkerProcess implements Disposable {
  readonly child: ChildProcess;
  readonly #output: string[] = [];
  readonly #closed: Promise<unknown>;

  /** @param cwd the folder for the files of the worker */
  constructor(
    cwd: string,
    args: readonly string[],
    variables: Readonly<Record<string, string>> = {},
    command: 'worker' | 'serve' | 'outbox' = 'worker',
  ) {
    this.child = spawn(process.execPath, [resolve('bin/coatcheck.ts'), command, ...args], {
      cwd,
      env: { PATH: process.env.PATH, COATCHECK_STATUS_PORT: '0', ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => this.#output.push(text));
    }
  }

  /** Everything that it printed. */
  get text(): string {
    return this.#output.join('');
  }

  /** The lines of its log with a message. */
  logged(message: string): Record<string, unknown>[] {
    return (
      this.text
        .split('\n')
        // The last one may still be on its way.
        .slice(0, -1)
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line): Record<string, unknown> => JSON.parse(line))
        .filter((line) => line.message === message)
    );
  }

  /** Waits until it takes messages. @returns the URL of its state and figures */
  async started(): Promise<string> {
    await eventually(() => {
      if (this.child.exitCode !== null) throw new Error(`The worker ended: ${this.text}`);
      if (!this.#firstLine) throw new Error(`not started: ${this.text}`);
    });
    return `http://127.0.0.1:${this.#firstLine?.statusPort}`;
  }

  /** The URL of the API of `coatcheck serve`, once it has started. */
  get apiUrl(): string {
    return String(this.#firstLine?.url);
  }

  get #firstLine(): Record<string, unknown> | undefined {
    return ['Worker', 'Service', 'Relay'].flatMap((what) => this.logged(`${what} started`))[0];
  }

  /** Waits for its end, and for all that it printed. @returns the exit code */
  async exit(): Promise<unknown> {
    await this.#closed;
    return this.child.exitCode;
  }

  /** Kills it, and waits for its end: it writes no more files. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL');
  }
}
