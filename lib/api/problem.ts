import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PROBLEM_TYPE } from '../core/base/media-type.ts';

/** What an error response says, as RFC 9457 has it. */
export interface ApiProblem {
  readonly status: ContentfulStatusCode;
  /** What programs branch on. */
  readonly code: string;
  readonly detail: string;
  /** Facts that go with the code. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error a route answers with. */
export class ApiError extends Error {
  readonly problem: ApiProblem;

  constructor(problem: ApiProblem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.problem = problem;
  }
}

/** The response that tells a problem. */
export function problemResponse(c: Context, { status, code, detail, facts, headers }: ApiProblem): Response {
  const body = {
    type: `urn:coatcheck:problem:${code}`,
    title: code.replaceAll('_', ' '),
    status,
    detail,
    code,
    ...facts,
  };
  // Caches may keep a 404, and a request that is unknown now may be known soon.
  const own = { 'Cache-Control': 'no-store', 'Content-Type': PROBLEM_TYPE };
  return c.body(JSON.stringify(body), status, { ...headers, ...own });
}
