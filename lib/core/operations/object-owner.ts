import { DEFAULT_PAYLOAD_PREFIX, DEFAULT_RESULT_PREFIX, MANIFEST_FOLDER } from '../config/settings.ts';
import { resultKey } from '../model/result-key.ts';
import { ticketOf } from '../model/upload-key.ts';

/** Whose object it is. */
export interface ObjectOwner {
  readonly kind: 'payload' | 'result';
  /** The name of the request in the key, as {@link ownerName} writes it. */
  readonly name: string;
}

/**
 * The request that an object was stored for, by its key; undefined if the key doesn't say, as with copies that belong to
 * consumers, and with prefixes of one's own.
 */
export function objectOwner(key: string): ObjectOwner | undefined {
  const ticket = ticketOf(key);
  if (ticket) return { kind: 'payload', name: ownerName(ticket.id) };
  if (key.startsWith(DEFAULT_PAYLOAD_PREFIX)) {
    // The object of an item of a batch has a digest behind the id.
    const name = key.slice(DEFAULT_PAYLOAD_PREFIX.length).replace(ITEM, '$1');
    return { kind: 'payload', name: ownerName(name) };
  }
  if (!key.startsWith(DEFAULT_RESULT_PREFIX)) return undefined;
  const [name = '', digest] = key.slice(DEFAULT_RESULT_PREFIX.length).split('/');
  return digest === undefined || `${name}/` === MANIFEST_FOLDER ? undefined : { kind: 'result', name };
}

const ITEM = /^([0-9a-f]{32})-.+$/;

/** A request's name in the keys of its results. Several ids may have the same one. */
export function ownerName(id: string): string {
  return resultKey('', { id, source: '' }, '').split('/')[0] ?? '';
}
