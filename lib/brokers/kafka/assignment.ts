import { Partition } from './partition.ts';

/** A member of a consumer group, as the client shows it. */
export interface Member {
  readonly memberId: string | null;
  readonly generationId: number;
  readonly assignments: readonly TopicPartitions[] | null;
}

/** Partitions of a topic. */
export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/**
 * The partitions that this worker owns. It outlives connections: a worker that comes back before the group has noticed
 * its absence goes on with what it has.
 */
export class Assignment {
  #member: Member = { memberId: null, generationId: -1, assignments: null };
  readonly #owned = new Map<string, Partition>();

  /** The member and its generation when the partitions were assigned last. */
  get member(): Member {
    return this.#member;
  }

  get partitions(): readonly Partition[] {
    return [...this.#owned.values()];
  }

  /**
   * Takes over what the group has assigned. Partitions are lost that are no longer assigned, and all of them if others may
   * have owned them in between: if this worker is another member now, or has missed a generation.
   * @returns what is assigned and not owned yet
   */
  update({ memberId, generationId, assignments }: Member): TopicPartitions[] {
    const previous = this.#member;
    this.#member = { memberId, generationId, assignments };
    const isUninterrupted =
      memberId === previous.memberId &&
      (generationId === previous.generationId || generationId === previous.generationId + 1);
    const assigned = new Set(
      (assignments ?? []).flatMap(({ topic, partitions }) => partitions.map((index) => keyOf(topic, index))),
    );
    for (const [key, partition] of this.#owned) {
      if (isUninterrupted && assigned.has(key)) continue;
      partition.lose();
      this.#owned.delete(key);
    }
    return (assignments ?? [])
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.filter((index) => !this.#owned.has(keyOf(topic, index))),
      }))
      .filter(({ partitions }) => partitions.length > 0);
  }

  /** Adds a partition, unless it is owned already. @param start the first offset that isn't committed */
  add(topic: string, index: number, start: bigint): void {
    const key = keyOf(topic, index);
    if (!this.#owned.has(key)) this.#owned.set(key, new Partition(topic, index, start));
  }
}

function keyOf(topic: string, index: number): string {
  return `${topic}:${index}`;
}
