/** Messages a batch. */
export const BATCH_SIZES = [1, 10, 100, 1_000] as const;

/** Microseconds a message takes, by the size of its batch. */
export type WayTimes = Readonly<Record<number, number>>;
