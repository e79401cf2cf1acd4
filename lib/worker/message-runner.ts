import type { Engine } from '../core/engine/engine.ts';
import type { Disposition } from '../core/model/disposition.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';

/** Runs messages for a worker: an engine, or {@link runnerOf} a function. */
export type MessageRunner = Pick<Engine, 'run' | 'flush' | 'secondsLeft' | 'retrySeconds'>;

/**
 * A runner that is a function.
 * @param run never rejects. @param stop fires when it is to end
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
