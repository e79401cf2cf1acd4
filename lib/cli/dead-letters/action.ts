import type { DeadLetter } from '../../aws/dead-letter.ts';
import type { RedriveDecision } from '../../core/model/redrive.ts';

/** What an action did with a dead letter. */
export type ActionResult =
  | RedriveDecision
  | 'deleted'
  /** Kept: this run already put its request back, for another dead letter or before a new failure. */
  | 'put_back_already'
  /** Kept: the queue refused to send or delete it. */
  | 'failed';

/** A dead letter and what an action did with it. */
export interface HandledDeadLetter {
  readonly letter: DeadLetter;
  readonly result: ActionResult;
  /** What went wrong. */
  readonly problem?: string;
}

/** An action on dead letters. */
export interface DeadLetterAction {
  /** The result that {@link run} would have for a dead letter. */
  preview(letter: DeadLetter): ActionResult;
  /**
   * Handles the dead letters of one receive, and yields each as soon as it is handled.
   * @throws the signal's reason; dead letters not yielded by then stay in the queue
   */
  run(letters: readonly DeadLetter[], signal: AbortSignal): AsyncGenerator<HandledDeadLetter, void>;
}
