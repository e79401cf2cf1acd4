/** What of a record a {@link Partition} needs. */
interface Fetched {
  readonly offset: bigint;
}

/** Which partition it is. */
export interface PartitionPlace {
  readonly topic: string;
  /** What the topic got when it was created: a topic that is created again has another one. */
  readonly topicId: string;
  readonly index: number;
}

/** A partition that this worker owns: how far it is fetched, and how far it is settled. */
export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  /** The next offset to fetch. */
  next: bigint;
  /** The epoch of the leader that wrote the record before {@link next}; -1 if it isn't known. */
  epoch = -1;
  /** Every offset before it is committed. */
  committed: bigint;
  /** Records that were fetched and not delivered yet: they wait in memory. */
  waiting = 0;
  #lostBecause: string | undefined;
  /**
   * Records that were fetched and aren't settled, in ascending order. Not their offsets: after a restart, another record may
   * have the same one.
   */
  readonly #unsettled = new Set<Fetched>();

  /** @param start the first offset that isn't committed */
  constructor({ topic, topicId, index }: PartitionPlace, start: bigint) {
    this.topic = topic;
    this.topicId = topicId;
    this.index = index;
    this.next = start;
    this.committed = start;
  }

  /** Whether another worker may own it now. */
  get isLost(): boolean {
    return this.#lostBecause !== undefined;
  }

  /** The first offset that may not be committed: all before it are settled. */
  get lowWater(): bigint {
    const [first] = this.#unsettled;
    return first?.offset ?? this.next;
  }

  /** Records that a record was fetched. */
  add(record: Fetched): void {
    this.#unsettled.add(record);
  }

  /** Settles a record: nothing more happens to it. @throws an error if the partition is lost */
  settle(record: Fetched): void {
    this.assertOwned();
    this.#unsettled.delete(record);
  }

  /** Goes on at another offset: the server doesn't have the next one, or has another record before it. */
  restart(start: bigint): void {
    if (start < this.next) {
      for (const record of this.#unsettled) if (record.offset >= start) this.#unsettled.delete(record);
      if (start < this.committed) this.committed = start;
    }
    this.next = start;
    this.epoch = -1;
  }

  /** @param because what happened to it, as the end of a sentence */
  lose(because: string): void {
    this.#lostBecause = because;
  }

  /** @throws an error if the partition is lost */
  assertOwned(): void {
    if (this.#lostBecause === undefined) return;
    throw new Error(
      `The message can't be settled here, because partition ${this.index} of ${this.topic} ${this.#lostBecause}`,
    );
  }
}
