import type { DeadLetter, Fate } from './dead-letter.ts';

/** What has become of a letter. */
export type Result =
  | Fate
  | 'deleted'
  /** It is left: its request was put back a moment ago, by another letter or this time's failure. */
  | 'put_back_already'
  /** It is left: SQS refused it. */
  | 'failed';

/** A letter that was dealt with. */
export interface Dealt {
  readonly letter: DeadLetter;
  readonly result: Result;
  /** What went wrong. */
  readonly problem?: string;
}

/** Something that is done with letters. */
export interface Chore {
  /** What would become of a letter. */
  foresee(letter: DeadLetter): Result;
  /**
   * Deals with letters of one receive, and tells of each as soon as it is done.
   * @throws the signal's reason; those that weren't told of are left
   */
  deal(letters: readonly DeadLetter[], signal: AbortSignal): AsyncGenerator<Dealt, void>;
}
