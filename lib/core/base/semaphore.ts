import { whenAborted } from './when-aborted.ts';

/** What decides when a task that waits runs. */
export interface Turn {
  /** More urgent tasks run first. @default 0 */
  readonly urgency?: number;
  /** Whose task it is: among equally urgent tasks, those of different owners run in turns. @default - all have one owner */
  readonly owner?: string;
}

interface Waiting {
  readonly urgency: number;
  /** Each round has at most one task of an owner. Earlier rounds run first. */
  readonly round: number;
  readonly begin: () => void;
}

/** The rounds of so many owners are kept, and of more while their tasks wait: looking through a few isn't worth it. */
const FEW_OWNERS = 64;

/**
 * Limits how many tasks run at a time. The most urgent waiting task runs next. Among equally urgent ones, owners take turns, and
 * the tasks of one owner run in order of arrival.
 */
export class Semaphore {
  #free: number;
  readonly #waiting: Waiting[] = [];
  /** The latest round of each owner, by urgency. One that has passed can be deleted: its owner joins the current round. */
  readonly #rounds = new Map<number, Map<string, number>>();

  /** @param count most tasks that run at a time */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a slot as soon as one is free. Disposing of it frees it.
   * @returns undefined if the signal fires first
   */
  async acquire(turn: Turn, signal: AbortSignal): Promise<Disposable | undefined> {
    if (signal.aborted) return undefined;
    if (this.#free > 0) this.#free--;
    else if (!(await this.#turnUnlessAborted(turn, signal))) return undefined;
    return { [Symbol.dispose]: () => this.#release() };
  }

  /** Runs the work as soon as a slot is free, at once if one is, and settles as the work does. */
  async run<Value>(turn: Turn, work: () => Promise<Value>): Promise<Value> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(turn);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next.begin();
    else this.#free++;
  }

  #turn(turn: Turn): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#enqueue(turn, resolve);
    return promise;
  }

  /** @returns whether the turn came before the signal fired */
  async #turnUnlessAborted(turn: Turn, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = this.#enqueue(turn, () => resolve(true));
    const stopWaiting = whenAborted(signal, () => {
      const index = this.#waiting.indexOf(waiting);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      resolve(false);
    });
    const isMyTurn = await promise;
    stopWaiting();
    return isMyTurn;
  }

  #enqueue({ urgency = 0, owner = '' }: Turn, begin: () => void): Waiting {
    const waiting = { urgency, round: this.#nextRound(urgency, owner), begin };
    const before = this.#waiting.findLastIndex(
      (other) =>
        other.urgency > waiting.urgency ||
        (other.urgency === waiting.urgency && other.round <= waiting.round),
    );
    this.#waiting.splice(before + 1, 0, waiting);
    return waiting;
  }

  #nextRound(urgency: number, owner: string): number {
    const first = this.#waiting.find((waiting) => waiting.urgency === urgency);
    const rounds = (first && this.#rounds.get(urgency)) ?? new Map<string, number>();
    this.#rounds.set(urgency, rounds);
    const current = first?.round ?? 0;
    const round = Math.max(current, (rounds.get(owner) ?? -1) + 1);
    rounds.set(owner, round);
    if (rounds.size > FEW_OWNERS + 2 * this.#waiting.length) {
      for (const [other, latest] of rounds) if (latest < current) rounds.delete(other);
    }
    return round;
  }
}
