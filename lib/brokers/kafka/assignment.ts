import { Partition, type PartitionPlace } from './partition.ts';

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
   */
  update({ memberId, generationId, assignments }: Member): void {
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
      partition.lose('was reassigned');
      this.#owned.delete(key);
    }
  }

  /**
   * Loses the partitions of topics that were deleted and created again: their offsets are those of other records now.
   * @param ids the topics that there are, with the id that each got when it was created
   * @returns the topics of lost partitions
   */
  loseReplaced(ids: ReadonlyMap<string, string>): Set<string> {
    const replaced = [...this.#owned].filter(([, { topic, topicId }]) => topicId !== ids.get(topic));
    for (const [key, partition] of replaced) {
      partition.lose('was deleted with its topic');
      this.#owned.delete(key);
    }
    return new Set(replaced.map(([, { topic }]) => topic));
  }

  /** What is assigned and not owned yet. */
  get missing(): readonly TopicPartitions[] {
    return (this.#member.assignments ?? [])
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.filter((index) => !this.#owned.has(keyOf(topic, index))),
      }))
      .filter(({ partitions }) => partitions.length > 0);
  }

  /** Adds a partition, unless it is owned already. */
  add(place: PartitionPlace, start: bigint): void {
    const key = keyOf(place.topic, place.index);
    if (!this.#owned.has(key)) this.#owned.set(key, new Partition(place, start));
  }
}

function keyOf(topic: string, index: number): string {
  return `${topic}:${index}`;
}
