import type { EngineSettings } from '../config/engine-settings.ts';
import { type Disposition, type Settlement, UNTOUCHED } from '../model/disposition.ts';
import type { QueueMessage, ReceivedMessage } from '../model/received-message.ts';
import { longestWaitSeconds } from '../model/retry.ts';
import type { OutputMessage } from '../ports/message-sink.ts';

/** Messages that run one after another, in this order. */
export type Sequence<Message extends QueueMessage = ReceivedMessage> = readonly [Message, ...Message[]];

/** Splits messages into sequences: those of an ordered group are one, and each other message is one by itself. */
export function sequencesOf(messages: readonly ReceivedMessage[]): Sequence[] {
  const groups = Map.groupBy(messages, (message) => orderedGroup(message) ?? message);
  return [...groups.values()].flatMap(([first, ...others]) => (first ? [[first, ...others] as const] : []));
}

/**
 * Runs a sequence. Messages behind one that must be retried aren't run: they go back untouched, so that they follow it when
 * it is delivered again. They lose no attempt, since attempts are counted in records.
 */
export async function runInOrder(
  sequence: Sequence,
  run: (message: ReceivedMessage) => Promise<Disposition>,
): Promise<Settlement[]> {
  const settlements: Settlement[] = [];
  let isHeldBack = false;
  for (const message of sequence) {
    const disposition: Disposition = isHeldBack ? UNTOUCHED : await run(message);
    isHeldBack ||= disposition.action === 'retry';
    settlements.push([message, disposition]);
  }
  return settlements;
}

/**
 * Whether a request keeps its place in its group although its attempts are used up, so that those behind it wait. That
 * ends when the queue is about to delete its message, since the request would be lost without an outcome.
 */
export function blocksItsGroup(
  message: ReceivedMessage,
  settings: Pick<EngineSettings, 'onExhausted' | 'inputRetentionSeconds' | 'retryCapSeconds'>,
  now: number,
): boolean {
  if (settings.onExhausted !== 'block' || orderedGroup(message) === undefined) return false;
  return longestWaitSeconds(message.sentAt, settings.inputRetentionSeconds, now) >= settings.retryCapSeconds;
}

/**
 * Puts what is published about a request into the group of its message, so that it is delivered in the same order.
 * @param id names it
 */
export function inOrderOf(message: ReceivedMessage, id: string, published: OutputMessage): OutputMessage {
  const group = orderedGroup(message);
  return group === undefined ? published : { ...published, group, deduplicationId: id };
}

/** The group whose messages come in order; undefined if the message belongs to none. */
function orderedGroup({ group, source }: ReceivedMessage): string | undefined {
  return source.ordered ? group : undefined;
}
