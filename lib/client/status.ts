import { requestPath } from '../core/model/request-links.ts';
import { type JsonAnswer, readRequest } from './answers.ts';
import type { Api } from './api.ts';
import type { RequestResource } from './request.ts';

/** Options of calls about one request. */
export interface RequestOptions {
  /** Issuer of the id, if it isn't the API; see {@link RequestResource.source}. */
  readonly source?: string;
  /** The tenant of the request. For operators. @default the caller's */
  readonly tenant?: string;
  readonly signal?: AbortSignal;
}

/** Longest time that the API holds an answer, in seconds. */
export const MAX_HELD_SECONDS = 20;

/** Value of `Prefer` for an answer that is held until the request has ended. */
export function preference(waitSeconds: number | undefined): string | undefined {
  const seconds = Math.min(MAX_HELD_SECONDS, Math.floor(waitSeconds ?? 0));
  return seconds > 0 ? `wait=${seconds}` : undefined;
}

/** Gets a request. @param waitSeconds how long the API holds the answer until the request has ended */
export async function getRequest(
  api: Api,
  id: string,
  { source, tenant, signal }: RequestOptions,
  waitSeconds?: number,
): Promise<{ readonly request: RequestResource; readonly answer: JsonAnswer }> {
  const answer = await api.json({
    method: 'GET',
    path: requestPath(id, '', tenant),
    query: { source },
    headers: { prefer: preference(waitSeconds) },
    signal,
  });
  return { request: readRequest(answer), answer };
}
