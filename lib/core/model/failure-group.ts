import { digestOf } from './request-id.ts';
import type { RequestRecord } from './request-record.ts';

/** Why a request failed: for one that used up its attempts, because of the latest error that an attempt reported. */
export interface Failure {
  /** The code of the error, or its name. */
  readonly code: string;
  readonly message: string;
  /** Where the error was thrown, if that is known. */
  readonly frame?: string;
}

/** Hexadecimal digits of a group's id. */
export const FAILURE_GROUP_LENGTH = 16;

/** Most characters of a message that are read. */
const READ_LENGTH = 2_000;

/**
 * Most characters of a message with placeholders. Far fewer than of a message in a record, which is cut where other ids may
 * have other lengths.
 */
const MESSAGE_MAX_LENGTH = 200;

/** From this length on, a word with a digit is an id. */
const ID_MIN_LENGTH = 8;

/** From this length on, a part of a URL is an id. */
const URL_ID_MIN_LENGTH = 32;

/** Why the request of a record failed; undefined if it hasn't. */
export function failureOf({
  outcome,
  attemptsExhausted,
  lastError,
}: Pick<RequestRecord, 'outcome' | 'attemptsExhausted' | 'lastError'>): Failure | undefined {
  if (outcome?.status !== 'failed') return undefined;
  if (attemptsExhausted && lastError) {
    const { code, name, message, frame } = lastError;
    return { code: code ?? name, message, frame };
  }
  const { problem, frame } = outcome;
  return { code: problem.code, message: problem.detail, frame };
}

/** The codes of a request that ended without a result: that of its problem, and that of its failure. */
export function codesOf(
  record: Pick<RequestRecord, 'outcome' | 'attemptsExhausted' | 'lastError'>,
): readonly string[] {
  const { outcome } = record;
  if (!outcome || outcome.status === 'succeeded') return [];
  const failure = failureOf(record);
  return failure ? [outcome.problem.code, failure.code] : [outcome.problem.code];
}

/** The id of the group of a failed request, 16 hexadecimal digits: the fingerprint of its failure. */
export function failureGroupOf(
  record: Pick<RequestRecord, 'outcome' | 'attemptsExhausted' | 'lastError'>,
): string | undefined {
  const failure = failureOf(record);
  return failure && fingerprintOf(failure);
}

/**
 * The fingerprint of a failure: the same for failures with one code, one message except for its values, and one frame. A
 * change of it splits the groups of running services in two.
 */
export function fingerprintOf({ code, message, frame = '' }: Failure): string {
  return digestOf('failure', code, generalMessage(message), frame).slice(0, FAILURE_GROUP_LENGTH);
}

/** Whether a text has the form of a group's id. */
export function isFailureGroup(text: string): boolean {
  return /^[\da-f]{16}$/.test(text);
}

/**
 * What differs between messages of one error. In a message of bounded length, one pass; every alternative ends at the first
 * character that it can't have.
 */
const VALUES = new RegExp(
  [
    /(?<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)/,
    /(?<url>\b[a-z][a-z\d]*:\/\/[^\s"'`<>()]+)/,
    /(?<text>"[^"\n]*"|`[^`\n]*`|“[^“”\n]*”|(?<!\w)'[^'\n]*'(?!\w))/,
    /(?<path>(?:\b[a-z]:)?(?:[\\/][\w.@~%+-]+){2,})/,
    /(?<word>[\w-]+(?:[.,]\d+)*)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

/**
 * A message with placeholders for its values: `Order 4711 of "Ann" not found` is `Order <n> of <text> not found`. At most
 * 200 characters.
 */
export function generalMessage(message: string): string {
  return withPlaceholders(message.slice(0, READ_LENGTH))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MESSAGE_MAX_LENGTH)
    .toWellFormed();
}

function withPlaceholders(text: string): string {
  return text.replace(VALUES, (...match) => {
    const { time, url, text: quoted, path, word = '' }: Partial<Record<string, string>> = match.at(-1);
    if (time) return '<time>';
    if (url) return generalUrl(url);
    if (quoted) return '<text>';
    return path ? '<path>' : generalWord(word);
  });
}

/** Without its query: `https://api.example.com/v<n>/orders/<n>`. */
function generalUrl(url: string): string {
  const [path = ''] = url.split(/[?#]/);
  return path
    .split('/')
    .map((part) =>
      part.length < URL_ID_MIN_LENGTH ? part.replace(/[\w-]+(?:[.,]\d+)*/g, generalWord) : '<n>',
    )
    .join('/');
}

/** Numbers and ids have one placeholder: an id may have only digits by chance. */
function generalWord(word: string): string {
  if (!/\d/.test(word)) return word;
  const isValue = word.length >= ID_MIN_LENGTH || /^[\d.,-]+$/.test(word);
  return isValue ? '<n>' : word.replace(/\d+(?:[.,]\d+)*/g, '<n>');
}
