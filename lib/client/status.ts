import { requestPath } from '../core/model/request-links.ts';
import { type JsonAnswer, requestOf } from './answers.ts';
import type { Api } from './api.ts';
import type { RequestResource } from './types.ts';

/** Which request, and until when its answer is wanted. */
export interface RequestOptions {
  /** Who gave the id, where it wasn't the API; see {@link RequestResource.source}. */
  readonly source?: string;
  readonly signal?: AbortSignal;
}

/** Most seconds the API holds an answer back. */
export const MAX_HELD_SECONDS = 20;

/** `Prefer` for an answer that is held back until the request has ended. */
export function preference(waitSeconds: number | undefined): string | undefined {
  const seconds = Math.min(MAX_HELD_SECONDS, Math.floor(waitSeconds ?? 0));
  return seconds > 0 ? `wait=${seconds}` : undefined;
}

/** Asks where a request stands. @param waitSeconds hold the answer back so long unless it has ended */
export async function askStatus(
  api: Api,
  id: string,
  { source, signal }: RequestOptions,
  waitSeconds?: number,
): Promise<{ readonly request: RequestResource; readonly answer: JsonAnswer }> {
  const answer = await api.json({
    method: 'GET',
    path: requestPath(id),
    query: { source },
    headers: { prefer: preference(waitSeconds) },
    signal,
  });
  return { request: requestOf(answer), answer };
}
