import { EnvelopeMalformed } from '../base/errors.ts';
import { isObject, type JsonObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import { parseTime } from '../base/time.ts';
import { minVersionProblem } from '../config/min-version.ts';
import type { RequestTimes } from '../model/not-before.ts';
import { isPriority, type Priority, priorityProblem } from '../model/priority.ts';
import { topicProblem } from '../model/topic.ts';

/** Reads a text that is required. @throws EnvelopeMalformed */
export function readRequiredText(envelope: string, object: JsonObject, name: string): string {
  const text = readOptionalText(envelope, object, name);
  if (!text)
    throw new EnvelopeMalformed(envelope, `${name} must be a non-empty string, got ${quote(object[name])}`);
  return text;
}

/** Reads a text that may be missing or null. @throws EnvelopeMalformed */
export function readOptionalText(envelope: string, object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string')
    throw new EnvelopeMalformed(envelope, `${name} must be a text, got ${quote(value)}`);
  return value;
}

/** Decodes base64 with its padding. @throws EnvelopeMalformed without the text: it is a payload, and errors are logged */
export function readBase64(envelope: string, name: string, value: unknown): Uint8Array<ArrayBuffer> {
  if (isBase64(value)) return Buffer.from(value, 'base64');
  const came = typeof value === 'string' ? `a text of ${value.length} characters` : `a ${typeof value}`;
  throw new EnvelopeMalformed(envelope, `${name} must be base64, got ${came}`);
}

/** Whether a value is base64 with its padding. */
export function isBase64(value: unknown): value is string {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

/** The members that are a text, a number or a boolean, as texts. */
export function scalarTexts(object: JsonObject): Record<string, string> {
  const scalars = Object.entries(object).filter(([, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
  return Object.fromEntries(scalars.map(([name, value]) => [name, String(value)]));
}

/** Parses an RFC 3339 time that may be missing. @returns milliseconds since 1970 @throws EnvelopeMalformed */
export function readOptionalTime(
  envelope: string,
  name: string,
  text: string | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time === undefined) {
    throw new EnvelopeMalformed(
      envelope,
      `${name} must be a time like 2026-01-31T12:00:00Z, got ${quote(text)}`,
    );
  }
  return time;
}

/**
 * Reads when a request may start and when it expires, each with the name of its field.
 * @throws EnvelopeMalformed also for a request that would expire before it may start
 */
export function readTimes(
  envelope: string,
  [startName, startText]: readonly [name: string, text: string | undefined],
  [expiryName, expiryText]: readonly [name: string, text: string | undefined],
): RequestTimes {
  const notBefore = readOptionalTime(envelope, startName, startText);
  const expiresAt = readOptionalTime(envelope, expiryName, expiryText);
  if (notBefore !== undefined && expiresAt !== undefined && notBefore >= expiresAt) {
    throw new EnvelopeMalformed(
      envelope,
      `${startName} must be before ${expiryName}, ${expiryText}, got ${startText}`,
    );
  }
  return { notBefore, expiresAt };
}

/** Reads the oldest version of the handler that may run a request. @throws EnvelopeMalformed */
export function readOptionalMinVersion(
  envelope: string,
  name: string,
  text: string | undefined,
): string | undefined {
  const problem = text === undefined ? undefined : minVersionProblem(text);
  if (problem !== undefined) throw new EnvelopeMalformed(envelope, `${name} ${problem}`);
  return text;
}

/** Reads the topic of a request. @throws EnvelopeMalformed */
export function readOptionalTopic(
  envelope: string,
  name: string,
  text: string | undefined,
): string | undefined {
  const problem = text === undefined ? undefined : topicProblem(text);
  if (problem !== undefined) throw new EnvelopeMalformed(envelope, `${name} ${problem}`);
  return text;
}

/** Reads the priority of a request. @throws EnvelopeMalformed */
export function readOptionalPriority(
  envelope: string,
  name: string,
  text: string | undefined,
): Priority | undefined {
  if (text === undefined || isPriority(text)) return text;
  throw new EnvelopeMalformed(envelope, `${name} ${priorityProblem(text)}`);
}

/** Whether a JSON value is an object of strings. */
export function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((member) => typeof member === 'string');
}
