import type { StreamEntry } from './entry.ts';

/** Parses a reply of XREADGROUP for one stream. */
export function parseReadReply(reply: unknown): StreamEntry[] {
  if (reply === null) return [];
  const [stream] = arrayOf(reply);
  const [, entries] = arrayOf(stream);
  return arrayOf(entries).map((entry) => parseEntry(entry, 1));
}

/** Parses a reply of the script that claims entries. */
export function parseClaimReply(reply: unknown) {
  const [entries, cursor, due, lost] = arrayOf(reply);
  return {
    entries: arrayOf(entries).map((entry) => parseEntry(entry, Number(arrayOf(entry)[2]))),
    cursor: String(cursor),
    dueMilliseconds: Number(due),
    lost: arrayOf(lost).map(String),
  };
}

/** Parses a reply of the script that reads entries in order. */
export function parseOrderedReply(reply: unknown) {
  const [entries, cursor, last, lost] = arrayOf(reply);
  return {
    entries: arrayOf(entries).map((entry) => parseEntry(entry, Number(arrayOf(entry)[2]))),
    cursor: String(cursor),
    last: String(last),
    lost: arrayOf(lost).map(String),
  };
}

function parseEntry(entry: unknown, deliveryCount: number): StreamEntry {
  const [id, fields] = arrayOf(entry);
  return { id: String(id), fields: arrayOf(fields).filter((field) => Buffer.isBuffer(field)), deliveryCount };
}

/** @throws TypeError if a reply is no array */
export function arrayOf(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new TypeError(`Redis replied with a ${typeof reply} where an array is expected`);
}
