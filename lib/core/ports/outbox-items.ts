/** A row of an outbox table as its store delivers it. */
export interface OutboxItem<Key> {
  readonly key: Key;
  /** Its attributes that are text. */
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** The whole row in the store's own form, as JSON. */
  readonly json: string;
}

/** A table of requests that transactions insert. It holds those that aren't relayed yet. */
export interface OutboxItems<Key> {
  /**
   * Deletes rows. One that is gone already is deleted.
   * @returns those that may still be there; never rejects
   */
  remove(keys: readonly Key[]): Promise<ReadonlySet<Key>>;
  /** All rows whose requests were made before a time, in milliseconds since 1970, in pages. */
  leftovers(before: number): AsyncIterable<readonly OutboxItem<Key>[]>;
}
