import { ProblemError } from './problem.ts';

/** A payload in a JSON body, in one of three forms. */
export interface PayloadForms {
  readonly json?: unknown;
  readonly text?: string;
  readonly base64?: string;
  readonly contentType?: string;
}

/** The bytes of a payload, and its type: by its form, unless it has one. @throws ProblemError 400 unless it has one form */
export function payloadOf({ json, text, base64, contentType }: PayloadForms) {
  const given = Object.entries({ json, text, base64 }).filter(([, value]) => value !== undefined);
  const [[form, value] = []] = given;
  if (form === undefined || given.length > 1) {
    const got = given.map(([name]) => name).join(', ') || 'none';
    const detail = `A request must have one of json, text and base64, got ${got}`;
    throw new ProblemError({ status: 400, code: 'request_malformed', detail });
  }
  if (form === 'json')
    return { bytes: Buffer.from(JSON.stringify(value)), contentType: contentType ?? 'application/json' };
  if (form === 'text')
    return { bytes: Buffer.from(String(value)), contentType: contentType ?? 'text/plain; charset=utf-8' };
  return {
    bytes: Buffer.from(String(value), 'base64'),
    contentType: contentType ?? 'application/octet-stream',
  };
}
