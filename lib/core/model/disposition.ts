/** What the host does with a message once it has been run. */
export type Disposition =
  /** Its outcome is published, or there is nothing to do for it: end it. */
  | { readonly action: 'ack' }
  /** A copy of it is in the dead-letter queue, and its outcome is published: end it. */
  | { readonly action: 'dead-letter' }
  /** Have it delivered again after so many seconds. */
  | { readonly action: 'retry'; readonly afterSeconds: number };

export const ACK: Disposition = { action: 'ack' };

export const DEAD_LETTER: Disposition = { action: 'dead-letter' };

/** Nothing of it was begun: back to the queue at once. */
export const UNTOUCHED: Disposition = { action: 'retry', afterSeconds: 0 };

/** The disposition of a message with several requests: as far as the least advanced of them. */
export function leastAdvanced(dispositions: readonly Disposition[]): Disposition {
  return dispositions.reduce(lesser, ACK);
}

function lesser(one: Disposition, other: Disposition): Disposition {
  if (one.action === 'retry' && other.action === 'retry') {
    return one.afterSeconds >= other.afterSeconds ? one : other;
  }
  if (one.action === 'retry') return one;
  return other.action === 'ack' ? one : other;
}
