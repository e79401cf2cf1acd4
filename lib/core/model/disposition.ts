import type { ReceivedMessage } from './received-message.ts';

/** How the host settles a message after the engine has run it. */
export type Disposition =
  /** Acknowledge it: the outcome is published, or there is nothing to do. */
  | { readonly action: 'ack' }
  /** Acknowledge it: the outcome is published, and a copy is in the dead-letter queue. */
  | { readonly action: 'dead-letter' }
  /** Have it delivered again after this many seconds. */
  | { readonly action: 'retry'; readonly afterSeconds: number };

/** A message, and how to settle it. */
export type Settlement = readonly [message: ReceivedMessage, disposition: Disposition];

export const ACK: Disposition = { action: 'ack' };

export const DEAD_LETTER: Disposition = { action: 'dead-letter' };

/** Nothing was started: return the message to the queue at once. */
export const UNTOUCHED: Disposition = { action: 'retry', afterSeconds: 0 };

/** The disposition of a message with several requests: that of the least advanced one. */
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
