import { note, printable } from '../../terminal/output.ts';

/** A line that is no item of a batch. */
export interface RefusedItem {
  readonly line: number;
  readonly key?: string;
  readonly detail: string;
}

/** Prints which lines of a file are refused, and why. */
export function noteRefused(refused: readonly RefusedItem[]): void {
  for (const { line, key, detail } of refused) {
    const item = key === undefined ? '' : ` (${key})`;
    note(printable(`  line ${line}${item}: ${detail}`));
  }
}
