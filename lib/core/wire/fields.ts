import { EnvelopeMalformed } from '../base/errors.ts';
import type { JsonObject } from '../base/json-object.ts';
import { parseTime } from '../base/time.ts';

/** A text that must be there. @throws EnvelopeMalformed */
export function requiredText(envelope: string, object: JsonObject, name: string): string {
  const text = optionalText(envelope, object, name);
  if (!text)
    throw new EnvelopeMalformed(
      envelope,
      `${name} must be a text that isn't empty, got ${shown(object[name])}`,
    );
  return text;
}

/** A text that may be missing or null. @throws EnvelopeMalformed */
export function optionalText(envelope: string, object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string')
    throw new EnvelopeMalformed(envelope, `${name} must be a text, got ${shown(value)}`);
  return value;
}

/** An RFC 3339 time as milliseconds since 1970; undefined when missing. @throws EnvelopeMalformed */
export function optionalTime(envelope: string, name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time === undefined) {
    throw new EnvelopeMalformed(
      envelope,
      `${name} must be a time like 2026-01-31T12:00:00Z, got ${shown(text)}`,
    );
  }
  return time;
}

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 100);
}
