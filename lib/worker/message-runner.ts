import type { Engine } from '../core/engine/engine.ts';
import type { Disposition } from '../core/model/disposition.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';

/** Runs messages for a worker: an engine, or a function by {@link runnerOf}. */
export type MessageRunner = Pick<Engine, 'run' | 'flush' | 'secondsLeft' | 'retrySeconds'>;

/**
 * Makes a runner of a function.
 * @param run must not reject; its signal fires when it should stop
 */
export function runnerOf(
  run: (message: ReceivedMessage, stop: AbortSignal) => Promise<Disposition>,
): MessageRunner {
  return {
    run: (message, { handlerDeadline }) => run(message, handlerDeadline),
    flush: async () => {},
    secondsLeft: 0,
    retrySeconds: (_, afterSeconds) => afterSeconds,
  };
}
