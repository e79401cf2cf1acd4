import { type ErrorSummary, shortened } from '../base/serialize-error.ts';
import type { Outcome } from './outcome.ts';

/**
 * An attempt in a record. Times are milliseconds since 1970. The names are short, because DynamoDB bills records by KiB: an attempt
 * without an error takes about 40 bytes.
 */
export interface RecordedAttempt {
  /** Its number, from 1. */
  readonly n: number;
  /** When it started. */
  readonly at: number;
  /** How long it took, in milliseconds. Absent while it runs, and if it never reported its end. */
  readonly ms?: number;
  /** The version of its code, if it has one. */
  readonly version?: string;
  /** Why it failed, if it did. */
  readonly error?: AttemptError;
  /** It didn't count, since the request didn't cause its failure. */
  readonly uncounted?: true;
  /** Set on the first attempt after a redrive: the number of the redrive. */
  readonly redrive?: number;
  /** Its span, if it was traced apart from the trace of its request. */
  readonly traceparent?: string;
}

/** Why an attempt failed, in short. */
export interface AttemptError {
  /** The code of the error, or its name if it has none. */
  readonly code: string;
  readonly message: string;
}

/** How an attempt ended, besides when. */
export type AttemptEnding = Pick<RecordedAttempt, 'error' | 'uncounted' | 'traceparent'>;

/** Most attempts in a history: the latest ones. */
export const MAX_HISTORY_ATTEMPTS = 20;

/** Most bytes of a history, as the JSON that stores write. Older attempts make room. */
export const MAX_HISTORY_BYTES = 4_096;

/** Most characters of an error's message, and of other texts: even one escaped attempt is smaller than a history. */
const MESSAGE_MAX_LENGTH = 200;
const TEXT_MAX_LENGTH = 64;

type History = readonly RecordedAttempt[];

/** Adds an attempt that starts. */
export function withStarted(history: History = [], { version, ...attempt }: RecordedAttempt): History {
  return bounded([
    ...history,
    { ...attempt, ...(version !== undefined && { version: shortened(version, TEXT_MAX_LENGTH) }) },
  ]);
}

/** Notes that an attempt ended. Records of earlier versions don't have it. @param number of the attempt */
export function withEnded(
  history: History | undefined,
  number: number,
  now: number,
  ending: AttemptEnding = {},
): History | undefined {
  return changed(history, number, (attempt) => ({
    ...attempt,
    ms: Math.max(0, now - attempt.at),
    ...ending,
  }));
}

/** Notes that a suspended attempt goes on: it hasn't ended. */
export function withResumed(history: History | undefined, number: number): History | undefined {
  return changed(history, number, ({ ms: _, ...attempt }) => attempt);
}

/**
 * Removes an attempt that only recorded the end of its request, without running it.
 * @param recovered when the attempt before it ended, if it is its outcome that was recorded
 */
export function withoutRun(
  history: History | undefined,
  number: number,
  recovered: number | undefined,
): History | undefined {
  const before = history?.filter(({ n }) => n !== number);
  const last = before?.at(-1);
  return recovered === undefined || !last ? before : withEnded(before, last.n, recovered);
}

/** An error in short. */
export function attemptErrorOf({ code, name, message }: ErrorSummary): AttemptError {
  return {
    code: shortened(code ?? name, TEXT_MAX_LENGTH),
    message: shortened(message, MESSAGE_MAX_LENGTH),
  };
}

/** Why an attempt with this outcome failed; undefined if it didn't. */
export function attemptErrorIn(outcome: Outcome): AttemptError | undefined {
  if (outcome.status !== 'failed') return undefined;
  const { code, detail } = outcome.problem;
  return attemptErrorOf({ name: code, message: detail });
}

function changed(
  history: History | undefined,
  number: number,
  change: (attempt: RecordedAttempt) => RecordedAttempt,
): History | undefined {
  const last = history?.at(-1);
  if (!history || last?.n !== number) return history;
  return bounded([...history.slice(0, -1), change(last)]);
}

function bounded(history: History): History {
  let kept = history.slice(-MAX_HISTORY_ATTEMPTS);
  while (kept.length > 1 && Buffer.byteLength(JSON.stringify(kept)) > MAX_HISTORY_BYTES) kept = kept.slice(1);
  return kept;
}
