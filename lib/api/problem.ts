import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PROBLEM_TYPE } from '../core/base/media-type.ts';
import { NO_STORE } from './no-store.ts';

/** The problem details of an error response (RFC 9457). */
export interface HttpProblem {
  readonly status: ContentfulStatusCode;
  /** A stable code for programs. */
  readonly code: string;
  readonly detail: string;
  /** Facts that go with the code. */
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error a route answers with. */
export class ProblemError extends Error {
  readonly problem: HttpProblem;

  constructor(problem: HttpProblem, options?: ErrorOptions) {
    super(problem.detail, options);
    this.problem = problem;
  }
}

/** The JSON of a problem. */
export function problemBody({ status, code, detail, facts }: HttpProblem) {
  return {
    type: `urn:coatcheck:problem:${code}`,
    title: code.replaceAll('_', ' '),
    status,
    detail,
    code,
    ...facts,
  };
}

/** The response for a problem. */
export function problemResponse(c: Context, { status, code, detail, facts, headers }: HttpProblem): Response {
  const body = problemBody({ status, code, detail, facts });
  // Caches may store a 404, but an unknown request may exist soon.
  const own = { ...NO_STORE, 'Content-Type': PROBLEM_TYPE };
  return c.body(JSON.stringify(body), status, { ...headers, ...own });
}
