/** What of a record a {@link Partition} needs. */
interface Fetched {
  readonly offset: bigint;
}

/** A partition that this worker owns: how far it is fetched, and how far it is settled. */
export class Partition {
  readonly topic: string;
  readonly index: number;
  /** The next offset to fetch. */
  next: bigint;
  /** Every offset before it is committed. */
  committed: bigint;
  /** Records that were fetched and not delivered yet: they wait in memory. */
  waiting = 0;
  #isLost = false;
  /**
   * Records that were fetched and aren't settled, in ascending order. Not their offsets: after a restart, another record may
   * have the same one.
   */
  readonly #unsettled = new Set<Fetched>();

  /** @param start the first offset that isn't committed */
  constructor(topic: string, index: number, start: bigint) {
    this.topic = topic;
    this.index = index;
    this.next = start;
    this.committed = start;
  }

  /** Whether another worker may own it now. */
  get isLost(): boolean {
    return this.#isLost;
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

  /** Goes on at another offset: the server doesn't have the next one. */
  restart(start: bigint): void {
    if (start < this.next) {
      this.#unsettled.clear();
      this.committed = start;
    }
    this.next = start;
  }

  lose(): void {
    this.#isLost = true;
  }

  /** @throws an error if the partition is lost */
  assertOwned(): void {
    if (!this.#isLost) return;
    throw new Error(
      `Kafka delivers the message again, because partition ${this.index} of ${this.topic} was reassigned`,
    );
  }
}
