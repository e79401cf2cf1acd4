import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import module from 'node:module';
import { extname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { formatLogLine, readLogLine } from '../../local/log-line.ts';
import { printable } from '../../terminal/output.ts';
import { isProcessorMessage } from './messages.ts';

/** Beside this file, in TypeScript or compiled. */
const MAIN = join(import.meta.dirname, `processor-main${extname(import.meta.filename)}`);

/** How to run a processor. */
export interface ProcessorProcessOptions {
  readonly file: string;
  /** The folder of the service. */
  readonly folder: string;
  /** The port of the debugger. @default - none */
  readonly inspectPort?: number;
}

/** How the start of a process went. */
export type Start = { readonly ready: true } | { readonly ready: false; readonly problem: string };

/** A process that runs a processor. Its log lines are printed for people. */
export class ProcessorProcess {
  /** How it started. Never rejects. */
  readonly started: Promise<Start>;
  /** Resolves when it has ended: how. Never rejects. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  /** @param onLoaded called with each file of the processor */
  constructor({ file, folder, inspectPort }: ProcessorProcessOptions, onLoaded: (file: string) => void) {
    const cache = module.getCompileCacheDir?.();
    this.#child = fork(MAIN, [resolve(file), folder], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectPort}`],
      env: { ...process.env, ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }) },
    });
    printLog(this.#child.stdout, console.log);
    // Warnings and errors.
    printLog(this.#child.stderr, console.error);
    this.ended = endOf(this.#child);
    this.started = this.#start(onLoaded);
  }

  /** Lets it finish what it runs. @returns when it has ended */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.ended;
  }

  #start(onLoaded: (file: string) => void): Promise<Start> {
    const { promise, resolve } = Promise.withResolvers<Start>();
    this.#child.on('message', (message) => {
      if (!isProcessorMessage(message)) return;
      if (message.type === 'loaded') onLoaded(message.file);
      else if (message.type === 'ready') resolve({ ready: true });
      else resolve({ ready: false, problem: message.problem });
    });
    void this.ended.then((problem) => resolve({ ready: false, problem }));
    return promise;
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit');
    return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
  } catch (error) {
    return `it could not be started: ${error}`;
  }
}

function printLog(log: Readable | null, print: (line: string) => void): void {
  if (!log) return;
  createInterface(log).on('line', (text) => {
    const line = readLogLine(text);
    if (line) print(formatLogLine(line, printable));
  });
}
