import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { ConfigurationError } from '../../../core/base/errors.ts';
import type { MessageRehearsal, RehearsedMessage } from '../../../core/model/rehearsal.ts';
import { RehearsalDied, type Rehearser } from '../../../core/ports/rehearser.ts';
import type { RunningService } from '../../running-service.ts';

/** Beside this file, in TypeScript or compiled. */
const MAIN = join(import.meta.dirname, `rehearsal-main${extname(import.meta.filename)}`);

/** What the process says: that it is ready, why it can't be, or what it found. */
export type RehearsalMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'rehearsed'; readonly found: readonly MessageRehearsal[] };

/** Which processor to run, over the dead letters of which service. */
export interface ProcessRehearserOptions {
  readonly processorFile: string;
  /** The folder of the service. */
  readonly folder: string;
  readonly command: RunningService['command'];
}

/**
 * Rehearses in a process of its own: a message that ends its process ends neither the service nor the command, and what the
 * handler prints goes to standard error.
 */
export class ProcessRehearser implements Rehearser {
  readonly #options: ProcessRehearserOptions;
  #child: ChildProcess | undefined;

  constructor(options: ProcessRehearserOptions) {
    this.#options = options;
  }

  /** @throws ConfigurationError if the processor can't be loaded */
  async rehearse(
    messages: readonly RehearsedMessage[],
    signal: AbortSignal,
  ): Promise<readonly MessageRehearsal[]> {
    this.#child ??= await this.#start(signal);
    this.#child.send(messages);
    const answer = await answerOf(this.#child, signal).catch((error) => {
      this.#kill();
      throw error;
    });
    if (answer.type === 'rehearsed') return answer.found;
    throw new RehearsalDied(`Instead of an answer, the process was ${answer.type}`);
  }

  async #start(signal: AbortSignal): Promise<ChildProcess> {
    const { processorFile, folder, command } = this.#options;
    const child = fork(MAIN, [processorFile, folder, command], {
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
      serialization: 'advanced',
    });
    const answer = await answerOf(child, signal).catch((error) => {
      child.kill('SIGKILL');
      throw error;
    });
    if (answer.type === 'ready') return child;
    throw new ConfigurationError(
      answer.type === 'failed' ? answer.problem : `The process began with ${answer.type}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
  }

  /** It has nothing to finish. */
  #kill(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/** The next message of a process. @throws RehearsalDied if it ends before; the signal's reason */
async function answerOf(child: ChildProcess, signal: AbortSignal): Promise<RehearsalMessage> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const ended = once(child, 'exit', { signal: until }).then(([code, name]) => {
    const how = name === null ? `with exit code ${code}` : `by ${name}`;
    throw new RehearsalDied(`The process ended ${how}`);
  });
  const answered = once(child, 'message', { signal: until }).then(([message]) => message);
  try {
    return await Promise.race([answered, ended]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    over.abort();
    // Whichever comes second.
    ended.catch(() => {});
    answered.catch(() => {});
  }
}
