import { API_TENANT_MAX_LENGTH, TICKET_FOLDER } from '../config/settings.ts';
import { identityProblem, type RequestIdentity } from './request-id.ts';

/**
 * The key for the upload of a ticket's payload. It contains the request's identity, so that the event of the upload is
 * enough to find the request.
 * @param ticket a request the API issued, its id a UUID of version 7, its tenant of at most 128 characters
 */
export function ticketKey(
  uploadPrefix: string,
  { id, tenant }: Pick<RequestIdentity, 'id' | 'tenant'>,
): string {
  const owner = tenant === undefined ? NO_TENANT : Buffer.from(tenant).toString('base64url');
  return `${uploadPrefix}${TICKET_FOLDER}${owner}/${id}`;
}

/** Reads what {@link ticketKey} wrote; undefined for a key it can't have written. */
export function ticketOf(key: string): RequestIdentity | undefined {
  const [, owner, id] = TICKET.exec(key) ?? [];
  if (owner === undefined || id === undefined) return undefined;
  if (owner === NO_TENANT) return { id, source: '' };
  const tenant = Buffer.from(owner, 'base64url').toString();
  // Base64 has several spellings of the same bytes, and the bytes may not be UTF-8.
  if (Buffer.from(tenant).toString('base64url') !== owner || tenant.length > API_TENANT_MAX_LENGTH) {
    return undefined;
  }
  const request = { id, source: '', tenant };
  return identityProblem(request) === undefined ? request : undefined;
}

/** In place of a tenant. No text has a base64 of one character. */
const NO_TENANT = '-';

const TICKET = new RegExp(
  `(?:^|/)${TICKET_FOLDER}([\\w-]+)/([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$`,
);
