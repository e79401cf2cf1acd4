/** Media type of lines of JSON, one for each item. */
export const NDJSON_TYPE = 'application/x-ndjson';

/** Most lines of items in a call, so that the problems of all of them fit in its answer. */
export const BATCH_MAX_LINES = 10_000;

/** Longest line of an item, in bytes. */
export const BATCH_LINE_MAX_BYTES = 4_194_304;

/** What is wrong with the size of a line; undefined if nothing is. @param size in bytes */
export function batchLineSizeProblem(size: number): string | undefined {
  if (size <= BATCH_LINE_MAX_BYTES) return undefined;
  return `A line must have at most ${BATCH_LINE_MAX_BYTES} bytes, got ${size}: submit its payload by POST /v1/uploads`;
}
