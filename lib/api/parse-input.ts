import * as z from 'zod';
import { quote } from '../core/base/quote.ts';
import { type HttpProblem, ProblemError } from './problem.ts';

/**
 * Checks a part of a call. A schema whose input may be secret, such as a payload, has messages of its own: others quote it.
 * @throws ProblemError 400
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const { success, data, error } = schema.safeParse(input, { error: messageOf });
  if (success) return data;
  throw new ProblemError(malformedProblem(error.issues));
}

/** Most issues that are listed, and most characters of one: a malformed call may have thousands, and a response is limited to 6 MB. */
const MAX_ISSUES = 10;
const ISSUE_MAX_LENGTH = 300;

/** The problem of a call that doesn't match its route's schema. */
function malformedProblem(issues: readonly z.core.$ZodIssue[]): HttpProblem {
  const listed = issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    path: path.map(String).join('.').slice(0, ISSUE_MAX_LENGTH),
    message: message.slice(0, ISSUE_MAX_LENGTH),
  }));
  const [first] = listed;
  const detail = first ? aboutIssue(first) : 'The call does not match the API';
  return { status: 400, code: 'request_malformed', detail, facts: { issues: listed } };
}

/** An issue that concerns the whole body, query or headers has no path. */
function aboutIssue({ path, message }: { readonly path: string; readonly message: string }): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** The message of an issue whose schema has none: that of zod, with the received value. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  const given = z.config().localeError?.(issue);
  const message = typeof given === 'string' ? given : given?.message;
  // A whole body may be a payload that went to the wrong call.
  if (message === undefined || !issue.path?.length) return message;
  return `${message.replace(/, received \w+$/, '')}, got ${received(issue.input)}`;
}

function received(input: unknown): string {
  if (Array.isArray(input)) return `a list of ${input.length}`;
  return typeof input === 'object' && input !== null ? 'an object' : quote(input);
}
