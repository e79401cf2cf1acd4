import { idSegment } from '../core/model/id-segment.ts';
import type { RequestStatus } from '../core/model/request-record.ts';
import type { WebhookStatus } from '../core/model/webhook-state.ts';
import { readPage } from './answers.ts';
import type { Api } from './api.ts';
import type { RequestPage, RequestResource } from './request.ts';
import { toRfc3339 } from './submission.ts';

/** Selects the requests to list: all conditions must hold. */
export interface ListOptions {
  /** Only requests with this status. @default all */
  readonly status?: RequestStatus;
  /** Only requests with this topic. @default all */
  readonly topic?: string;
  /**
   * Only requests that ended with this code: that of their problem or, if they used up their attempts, of the last error.
   * @default all
   */
  readonly code?: string;
  /** Only requests whose latest attempt was taken by this version of the code. @default all */
  readonly handlerVersion?: string;
  /** Only requests whose own webhook has this status. @default all */
  readonly webhook?: WebhookStatus;
  /** Only requests with this metadata, of keys that the service declares for its records. @default all */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Only requests that were created at this time or later. A string is in RFC 3339. @default all */
  readonly since?: Date | string;
  /** Only requests that were created before this time. A string is in RFC 3339. @default all */
  readonly until?: Date | string;
  /** Only requests of this tenant. For operators. @default the caller's */
  readonly tenant?: string;
  /** Most requests in a page, 1 to 100. @default 20 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Which page of requests to list. */
export interface PageOptions extends ListOptions {
  /** `next` of the previous page. @default the first page */
  readonly cursor?: string;
}

/** @throws ApiError, ConnectionFailed; RangeError for an invalid time */
export async function listPage(
  api: Api,
  { signal, since, until, ...selection }: PageOptions,
): Promise<RequestPage> {
  const { tenant, status, topic, code, handlerVersion, webhook, metadata, limit, cursor } = selection;
  const times = { since: toRfc3339(since), until: toRfc3339(until) };
  const conditions = { status, topic, code, handlerVersion, webhook, ...metadataParameters(metadata) };
  const query = { ...conditions, ...times, limit, cursor };
  const path = tenant === undefined ? '/v1/requests' : `/v1/tenants/${idSegment(tenant)}/requests`;
  return readPage(await api.json({ method: 'GET', path, query, signal }));
}

function metadataParameters(metadata: ListOptions['metadata'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, value]));
}

/** Lists all pages, and fetches each on demand. @throws ApiError, ConnectionFailed */
export function listAll(api: Api, options: ListOptions): AsyncGenerator<RequestResource, void> {
  return allOf(
    (cursor) => listPage(api, { ...options, cursor }),
    ({ requests }) => requests,
  );
}

/** Yields what is on the pages of a list, and fetches each page on demand. */
export async function* allOf<Page extends { readonly next?: string }, Item>(
  pageAt: (cursor: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => Iterable<Item>,
): AsyncGenerator<Item, void> {
  let cursor: string | undefined;
  do {
    const page = await pageAt(cursor);
    yield* itemsOf(page);
    cursor = page.next;
  } while (cursor !== undefined);
}
