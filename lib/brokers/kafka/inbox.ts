import type { Partition } from './partition.ts';
import type { StoredRecord } from './record.ts';

/** A record that was fetched, and the partition that it settles in. */
export interface FetchedRecord extends StoredRecord {
  readonly owned: Partition;
}

interface Held {
  readonly record: FetchedRecord;
  /** In milliseconds since 1970. */
  readonly dueAt: number;
}

/** Records in memory: those that can be delivered, and those that wait until they are due. */
export class Inbox {
  #ready: FetchedRecord[] = [];
  /** By the time when they are due, the last ones first. */
  #held: Held[] = [];
  #heldBytes = 0;

  /** The bytes of records that aren't due. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** When the next record is due, in milliseconds since 1970; infinite if none waits. */
  get nextDue(): number {
    return this.#held.at(-1)?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  /** Adds a record that can be delivered. */
  add(record: FetchedRecord): void {
    record.owned.waiting++;
    this.#ready.push(record);
  }

  /** Adds a record that is delivered later. */
  hold(record: FetchedRecord, dueAt: number): void {
    this.#heldBytes += bytesOf(record);
    this.#held.splice(this.#placeOf(dueAt), 0, { record, dueAt });
  }

  /** Takes records that can be delivered now. */
  take(max: number): FetchedRecord[] {
    while (this.nextDue <= Date.now()) {
      const held = this.#held.pop();
      if (!held) break;
      this.#heldBytes -= bytesOf(held.record);
      this.add(held.record);
    }
    const taken = this.#ready.splice(0, max);
    for (const { owned } of taken) owned.waiting--;
    return taken;
  }

  /** Forgets the records of partitions that are lost. */
  forgetLost(): void {
    this.#ready = this.#ready.filter(({ owned }) => !owned.isLost);
    this.#held = this.#held.filter(({ record }) => !record.owned.isLost);
    this.#heldBytes = this.#held.reduce((bytes, { record }) => bytes + bytesOf(record), 0);
  }

  #placeOf(dueAt: number): number {
    let [low, high] = [0, this.#held.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#held[middle]?.dueAt ?? 0) > dueAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What an object and its offsets take beside the bytes of the record. */
const OBJECT_BYTES = 500;

function bytesOf({ key, value, headers }: FetchedRecord): number {
  let bytes = OBJECT_BYTES + (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
  for (const [name, text] of headers) bytes += (name?.byteLength ?? 0) + (text?.byteLength ?? 0);
  return bytes;
}
