import { unlessAborted } from '../core/base/unless-aborted.ts';
import { WeightedTurns } from '../core/base/weighted-turns.ts';
import { DEFAULT_PRIORITY, LANE_WEIGHTS, PRIORITIES, type Priority } from '../core/model/priority.ts';
import type { ReceivedMessage, SourceCapabilities } from '../core/model/received-message.ts';
import type { Random } from '../core/ports/clock.ts';
import type { InputQueue } from '../core/ports/message-source.ts';
import { LaneUnreachable } from './lane-unreachable.ts';
import { reconnectWait } from './reconnect-wait.ts';

/** A queue for each priority, or for some. */
export type Lanes = Readonly<Partial<Record<Priority, InputQueue>>>;

/**
 * Most messages to ask a lane for that was empty before. They may exceed what the host wants, so it is few; with two, a lane
 * that delivers one is known to be empty again.
 */
const EMPTY_LANE_ASKS = 2;

/** A lane that doesn't answer within this time is empty. Longer than a call to a queue takes. */
const EMPTY_AFTER_MILLISECONDS = 100;

/**
 * How long receives of empty lanes continue after messages were returned. A host that doesn't want more by then is full:
 * messages that it can't start must stay in the queues, for other hosts.
 */
const LINGER_MILLISECONDS = 1_000;

/**
 * Combines the queues of the priorities into one. While messages wait in several lanes, they are received by
 * {@link LANE_WEIGHTS}. An empty lane has one pending receive, which continues while others deliver, so it costs a broker only
 * that wait. A lane that fails is asked again after a wait of its own, while the others continue.
 */
export class LanedQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds: number;
  readonly #lanes: readonly Lane[];
  readonly #turns: WeightedTurns<Lane>;
  readonly #random: Random;
  #isReceiving = false;
  /** Whether a lane failed, and the others have had time to deliver since. */
  #isFailureDue = false;
  #stop = new AbortController();
  #linger: NodeJS.Timeout | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(queues: Lanes, random: Random) {
    this.#random = random;
    const wake = () => this.#wake();
    this.#lanes = PRIORITIES.flatMap((priority) => {
      const queue = queues[priority];
      return queue ? [new Lane(priority, queue, wake)] : [];
    });
    this.#turns = new WeightedTurns(new Map(this.#lanes.map((lane) => [lane, LANE_WEIGHTS[lane.priority]])));
    this.capabilities = commonCapabilities(this.#lanes.map(({ queue }) => queue.capabilities));
    this.visibilitySeconds = Math.min(...this.#lanes.map(({ queue }) => queue.visibilitySeconds));
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    clearTimeout(this.#linger);
    this.#isReceiving = true;
    try {
      while (!signal.aborted) {
        if (this.#held > 0) {
          // Includes the messages that other lanes receive in the same turn of the event loop.
          await new Promise(setImmediate);
          break;
        }
        if (this.#isFailureDue) this.#throwFailure();
        this.#ask(max);
        if (!this.#hasFailed) await this.#news(signal);
        if (this.#hasFailed) await this.#newsOfOthers(signal);
        this.#isFailureDue = this.#hasFailed;
      }
      if (signal.aborted) await this.#endReceives();
      return this.#take(max);
    } finally {
      this.#isReceiving = false;
      this.#wake();
      if (this.#lanes.some(({ asked, held }) => asked > 0 || held.length > 0)) {
        this.#linger = setTimeout(() => void this.#release(), LINGER_MILLISECONDS);
      }
    }
  }

  /** Waits for messages of the most urgent lane that come while it is empty. If there are more, {@link receive} shares them. */
  async receiveUrgent(signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    const [lane] = this.#lanes;
    while (lane && !signal.aborted) {
      if (lane.held.length > 0 && !this.#isReceiving) return lane.held.splice(0);
      if (lane.isIdle && lane.isEmpty) {
        lane.ask(EMPTY_LANE_ASKS, this.#stop.signal);
      }
      await this.#woken(signal);
    }
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#linger);
    for (const lane of this.#lanes) lane.endRest();
    await this.#release();
    await Promise.all(this.#lanes.map(({ queue }) => queue[Symbol.asyncDispose]()));
  }

  get #held(): number {
    return this.#lanes.reduce((sum, { held }) => sum + held.length, 0);
  }

  get #hasFailed(): boolean {
    return this.#lanes.some(({ failure }) => failure !== undefined);
  }

  /** Asks lanes that had messages for their shares of the wanted number, and empty lanes for a few messages. */
  #ask(max: number): void {
    const coming = this.#lanes.reduce((sum, { asked, isEmpty }) => sum + (isEmpty ? 0 : asked), 0);
    const shares = new Map<Lane, number>();
    for (let room = max - coming; room > 0; room--) {
      const lane = this.#turns.next(({ isIdle, isEmpty }) => isIdle && !isEmpty);
      if (!lane) break;
      shares.set(lane, (shares.get(lane) ?? 0) + 1);
    }
    for (const lane of this.#lanes) {
      const count = lane.isEmpty ? Math.min(EMPTY_LANE_ASKS, max) : (shares.get(lane) ?? 0);
      if (lane.isIdle && count > 0) lane.ask(count, this.#stop.signal);
    }
  }

  /** Resolves when messages came, a lane is known to be empty, a receive failed, or the signal fires. */
  async #news(signal: AbortSignal): Promise<void> {
    const asked = this.#lanes.filter((lane) => lane.asked > 0 && !lane.isEmpty);
    const timer =
      asked.length === 0
        ? undefined
        : setTimeout(() => {
            for (const lane of asked) lane.isEmpty ||= lane.asked > 0;
            this.#wake();
          }, EMPTY_AFTER_MILLISECONDS);
    await this.#woken(signal);
    clearTimeout(timer);
  }

  /** Waits for the lanes that didn't fail: a queue that fails at once must not keep the messages of others away. */
  async #newsOfOthers(signal: AbortSignal): Promise<void> {
    const isOver = AbortSignal.any([signal, AbortSignal.timeout(EMPTY_AFTER_MILLISECONDS)]);
    const areOthersAsked = () => this.#lanes.some(({ asked }) => asked > 0);
    while (this.#held === 0 && areOthersAsked() && !isOver.aborted) await this.#woken(isOver);
  }

  async #woken(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    await unlessAborted(promise, signal, () => {});
    this.#waiting.delete(resolve);
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Takes the most urgent messages first: what was received is within the shares, apart from a few messages. */
  #take(max: number): ReceivedMessage[] {
    const taken: ReceivedMessage[] = [];
    for (const { held } of this.#lanes) taken.push(...held.splice(0, max - taken.length));
    return taken;
  }

  /** Returns unwanted messages to their lanes. Never rejects. */
  async #release(): Promise<void> {
    await this.#endReceives();
    if (this.#isReceiving) return;
    const unwanted = this.#take(Number.POSITIVE_INFINITY);
    // A message that can't be returned is delivered again after its visibility timeout.
    await Promise.allSettled(unwanted.map((message) => message.retryAfter(0)));
  }

  async #endReceives(): Promise<void> {
    this.#stop.abort();
    this.#stop = new AbortController();
    await Promise.all(this.#lanes.map(({ receiving }) => receiving));
  }

  /** @throws LaneUnreachable while another lane is waited for; else what a receive failed with */
  #throwFailure(): void {
    this.#isFailureDue = false;
    const failed = this.#lanes.find(({ failure }) => failure !== undefined);
    if (!failed) return;
    const { failure, priority, failures } = failed;
    failed.failure = undefined;
    if (!this.#lanes.some(({ asked }) => asked > 0)) {
      // The caller waits before it receives again, so no lane needs a wait of its own.
      for (const lane of this.#lanes) lane.endRest();
      throw failure;
    }
    const milliseconds = reconnectWait(failures, this.#random);
    failed.rest(milliseconds);
    throw new LaneUnreachable(priority, failures, milliseconds, failure);
  }
}

/** A queue of a {@link LanedQueue}. */
class Lane {
  readonly priority: Priority;
  readonly queue: InputQueue;
  /** Messages that were received and not returned yet. */
  readonly held: ReceivedMessage[] = [];
  /** How many messages the current receive asked for; 0 if there is none. */
  asked = 0;
  /** Whether the latest receive found fewer messages than it asked for. */
  isEmpty = true;
  /** The current receive, or the latest one. Never rejects. */
  receiving: Promise<void> = Promise.resolve();
  failure: unknown;
  /** Failures in a row. */
  failures = 0;
  #rest: NodeJS.Timeout | undefined;
  readonly #onNews: () => void;

  constructor(priority: Priority, queue: InputQueue, onNews: () => void) {
    this.priority = priority;
    this.queue = queue;
    this.#onNews = onNews;
  }

  /** Whether it can be asked. */
  get isIdle(): boolean {
    return this.asked === 0 && this.failure === undefined && this.#rest === undefined;
  }

  /** Makes the lane wait before it is asked again. */
  rest(milliseconds: number): void {
    this.#rest = setTimeout(() => {
      this.endRest();
      this.#onNews();
    }, milliseconds);
  }

  endRest(): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
  }

  ask(count: number, signal: AbortSignal): void {
    this.asked = count;
    this.receiving = this.#receive(count, signal);
  }

  async #receive(count: number, signal: AbortSignal): Promise<void> {
    try {
      const messages = await this.queue.receive(count, signal);
      this.held.push(...messages.map((message) => this.#inLane(message)));
      this.isEmpty = messages.length < count;
      this.failures = 0;
    } catch (error) {
      if (!signal.aborted) {
        this.failure = error;
        this.failures++;
      }
    }
    this.asked = 0;
    this.#onNews();
  }

  /** Normal messages stay as they are: nothing needs to be said about them. */
  #inLane(message: ReceivedMessage): ReceivedMessage {
    return this.priority === DEFAULT_PRIORITY ? message : { ...message, lane: this.priority };
  }
}

/** The capabilities that all lanes have. */
function commonCapabilities(lanes: readonly SourceCapabilities[]): SourceCapabilities {
  const maxDeliveries = Math.min(...lanes.map((lane) => lane.maxDeliveries ?? Number.POSITIVE_INFINITY));
  return {
    maxDelaySeconds: Math.min(...lanes.map((lane) => lane.maxDelaySeconds)),
    delaysFractions: lanes.every((lane) => lane.delaysFractions),
    ordered: lanes.every((lane) => lane.ordered),
    countsDeliveries: lanes.every((lane) => lane.countsDeliveries),
    ...(Number.isFinite(maxDeliveries) && { maxDeliveries }),
    maxBytes: Math.min(...lanes.map((lane) => lane.maxBytes)),
  };
}
