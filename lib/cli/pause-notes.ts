import type { RequestResource } from '../client/index.ts';
import { note, printable } from '../terminal/output.ts';
import { ProgressBoard } from '../terminal/progress-board.ts';

/** Says on standard error what is paused, where nothing else shows what requests wait for: their lines in a pipe have no column for it. */
export class PauseNotes {
  readonly #noted = new Set<string>();

  /** Says it once for all requests that wait for one pause. */
  see({ why = '', isPaused }: RequestResource): void {
    if (!isPaused || this.#noted.has(why)) return;
    this.#noted.add(why);
    ProgressBoard.aside(() => note(printable(why)));
  }
}
