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

/** A message of a group that runs, or waits for those before it. */
interface Place {
  readonly settled: Promise<void>;
  /** Shared by the messages that go back if one of them does. */
  readonly sequence: { isHeldBack: boolean };
}

/** Runs messages that are received one by one: those of an ordered group one after another, as {@link runInOrder} does. */
export class GroupOrder {
  /** The last message of each group. */
  readonly #last = new Map<string, Place>();

  /**
   * Runs a message at once, or when the messages of its group before it are settled.
   * @param run settles it, too. If it is held back, it must go back untouched. Never rejects
   */
  async run(message: ReceivedMessage, run: (isHeldBack: boolean) => Promise<Disposition>): Promise<void> {
    const group = orderedGroup(message);
    if (group === undefined) {
      await run(false);
      return;
    }
    const before = this.#last.get(group);
    // A message that is received after another one went back was delivered behind it.
    const sequence = before?.sequence.isHeldBack === false ? before.sequence : { isHeldBack: false };
    const start = async () => {
      const { action } = await run(sequence.isHeldBack);
      sequence.isHeldBack ||= action === 'retry';
    };
    const place = { settled: before ? before.settled.then(start) : start(), sequence };
    this.#last.set(group, place);
    await place.settled;
    if (this.#last.get(group) === place) this.#last.delete(group);
  }
}

/** Whether a message that must be retried may go back to its queue. Otherwise it keeps its place only in this process. */
export function mayGoBack(message: ReceivedMessage): boolean {
  return orderedGroup(message) === undefined || message.source.holdsGroups === true;
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
