import { type HttpProblem, ProblemError } from './problem.ts';

/** The problem of a body without one payload. `what` begins its detail: what must have the payload. */
type Refusal = Pick<HttpProblem, 'status' | 'code'> & { readonly what: string };

/** A payload in a JSON body, in one of three forms. */
export interface PayloadForms {
  readonly json?: unknown;
  readonly text?: string;
  readonly base64?: string;
  readonly contentType?: string;
}

const MALFORMED = { status: 400, code: 'request_malformed', what: 'A request' } as const;

/** How a payload is read. */
export interface PayloadOptions {
  /** The answer unless the payload has one form. @default 400 `request_malformed` */
  readonly refusal?: Refusal;
  /** Writes a JSON payload. @default JSON.stringify */
  readonly writeJson?: (value: unknown) => string;
}

/**
 * The bytes of a payload, and its type: by its form, unless it has one.
 * @throws ProblemError unless it has one form
 */
export function payloadOf(
  { json, text, base64, contentType }: PayloadForms,
  { refusal = MALFORMED, writeJson = JSON.stringify }: PayloadOptions = {},
) {
  const given = Object.entries({ json, text, base64 }).filter(([, value]) => value !== undefined);
  const [[form, value] = []] = given;
  if (form === undefined || given.length > 1) {
    const got = given.map(([name]) => name).join(', ') || 'none';
    const { what, ...problem } = refusal;
    const detail = `${what} must have one of json, text and base64, got ${got}`;
    throw new ProblemError({ ...problem, detail });
  }
  if (form === 'json')
    return { bytes: Buffer.from(writeJson(value)), contentType: contentType ?? 'application/json' };
  if (form === 'text')
    return { bytes: Buffer.from(String(value)), contentType: contentType ?? 'text/plain; charset=utf-8' };
  return {
    bytes: Buffer.from(String(value), 'base64'),
    contentType: contentType ?? 'application/octet-stream',
  };
}
