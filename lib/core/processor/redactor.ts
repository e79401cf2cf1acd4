import { serializeError } from '../base/serialize-error.ts';
import type { SecretValues } from '../ports/secrets.ts';
import type { Logger } from '../ports/telemetry.ts';

/**
 * Fewest characters of a text that is removed. Shorter ones occur by chance, and removing them would make logs unreadable.
 */
export const REDACTED_MIN_LENGTH = 8;

/** The members of errors that are logged, recorded or published. */
const READ_OF_ERRORS = [
  'name',
  'message',
  'stack',
  'code',
  'cause',
  'errors',
  'details',
  'response',
] as const;

/**
 * Removes the values of secrets from what leaves an attempt. If a secret is a JSON object or array, its texts are removed
 * too, because handlers use these.
 */
export class Redactor {
  readonly #replacements: readonly (readonly [text: string, replacement: string])[];

  constructor(secrets: SecretValues) {
    const texts = Object.entries(secrets).flatMap(([name, value]) =>
      [value, ...textsIn(value)]
        .filter((text) => text.length >= REDACTED_MIN_LENGTH)
        .flatMap((text) => [...formsOf(text)].map((form) => [form, `[secret ${name}]`] as const)),
    );
    // Longer texts go first, since they may contain shorter ones.
    this.#replacements = texts.toSorted(([one], [other]) => other.length - one.length);
  }

  text(text: string): string {
    return this.#replacements.reduce((redacted, [from, to]) => redacted.replaceAll(from, to), text);
  }

  /**
   * Removes the values from an error that was thrown, its causes and its details. The error stays the same object, because
   * its class decides what happens next.
   */
  error(thrown: unknown): unknown {
    if (this.#replacements.length === 0) return thrown;
    try {
      return this.#thrown(thrown, new Set());
    } catch {
      // An error that can't be read or changed.
      return new Error(this.text(serializeError(thrown).message));
    }
  }

  /** The fields of a log line without the values. */
  fields(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    if (this.#replacements.length === 0) return fields;
    try {
      return this.#json(fields);
    } catch {
      return { omitted: 'Fields that are not JSON may contain secrets' };
    }
  }

  /** A logger whose lines don't contain the values. */
  logger(logger: Logger): Logger {
    return this.#replacements.length === 0 ? logger : new RedactingLogger(logger, this);
  }

  #thrown(value: unknown, seen: Set<unknown>): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#thrown(item, seen));
    if (!(value instanceof Error)) return this.#json(value);
    if (seen.has(value)) return value;
    seen.add(value);
    for (const name of READ_OF_ERRORS) {
      const member: unknown = Reflect.get(value, name);
      const redacted = this.#thrown(member, seen);
      if (redacted !== member && !Reflect.set(value, name, redacted)) throw new TypeError(`${name} is fixed`);
    }
    return value;
  }

  /** The value as JSON without the texts, or the value itself if it has none of them. */
  #json<Value>(value: Value): Value {
    const json = JSON.stringify(value, loggable);
    if (json === undefined) return value;
    let isChanged = false;
    const copy = JSON.parse(json, (_, member) => {
      if (typeof member !== 'string') return member;
      const redacted = this.text(member);
      isChanged ||= redacted !== member;
      return redacted;
    });
    return isChanged ? copy : value;
  }
}

class RedactingLogger implements Logger {
  readonly #logger: Logger;
  readonly #redactor: Redactor;

  constructor(logger: Logger, redactor: Redactor) {
    this.#logger = logger;
    this.#redactor = redactor;
  }

  debug(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#logger.debug(this.#redactor.text(message), this.#redactor.fields(fields));
  }
  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#logger.info(this.#redactor.text(message), this.#redactor.fields(fields));
  }
  warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#logger.warn(this.#redactor.text(message), this.#redactor.fields(fields));
  }
  error(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#logger.error(this.#redactor.text(message), this.#redactor.fields(fields));
  }
  child(fields: Readonly<Record<string, unknown>>): Logger {
    return new RedactingLogger(this.#logger.child(this.#redactor.fields(fields)), this.#redactor);
  }
}

/** The texts of a value that is a JSON object or array. */
function textsIn(value: string): string[] {
  if (!/^\s*[{[]/.test(value)) return [];
  const texts: string[] = [];
  try {
    JSON.parse(value, (_, member) => {
      if (typeof member === 'string') texts.push(member);
      return member;
    });
  } catch {
    return [];
  }
  return texts;
}

/** The forms of a text: unchanged, in JSON and in a URL. */
function formsOf(text: string): Set<string> {
  return new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text.toWellFormed())]);
}

/** JSON.stringify omits the members of an error, and throws for a bigint. */
function loggable(_: string, value: unknown): unknown {
  if (value instanceof Error) return serializeError(value);
  return typeof value === 'bigint' ? String(value) : value;
}
