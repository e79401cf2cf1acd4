import { readPage } from './answers.ts';
import type { Api } from './api.ts';
import type { RequestPage, RequestResource, RequestStatus } from './types.ts';

/** Selects the requests to list. */
export interface ListOptions {
  /** Only requests with this status. @default all */
  readonly status?: RequestStatus;
  /** Most requests in a page, 1 to 100. @default 20 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Which page of requests to list. */
export interface PageOptions extends ListOptions {
  /** `next` of the previous page. @default the first page */
  readonly cursor?: string;
}

/** @throws ApiError, ConnectionFailed */
export async function listPage(
  api: Api,
  { status, limit, cursor, signal }: PageOptions,
): Promise<RequestPage> {
  return readPage(
    await api.json({ method: 'GET', path: '/v1/requests', query: { status, limit, cursor }, signal }),
  );
}

/** Lists all pages, and fetches each on demand. @throws ApiError, ConnectionFailed */
export async function* listAll(api: Api, options: ListOptions): AsyncGenerator<RequestResource, void> {
  let cursor: string | undefined;
  do {
    const page: RequestPage = await listPage(api, { ...options, cursor });
    yield* page.requests;
    cursor = page.next;
  } while (cursor !== undefined);
}
