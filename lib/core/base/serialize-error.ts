import { topFrame } from './top-frame.ts';

/** A thrown value for a log line. Handlers may throw anything, not only errors. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  /** This package's code, or the system's, such as `ECONNREFUSED`. */
  readonly code?: string;
  readonly stack?: string;
  /** Its cause, with the cause of that, and so on. */
  readonly cause?: SerializedError;
  /** The errors of an AggregateError, such as one per address that refused a connection. */
  readonly errors?: readonly SerializedError[];
}

/** A thrown value in short, for a record. The stack is in the log. */
export interface ErrorSummary extends Pick<SerializedError, 'name' | 'message' | 'code'> {
  /** Where it was thrown: a function and its file, `chargeCard (charge.ts)`. */
  readonly frame?: string;
}

/** Most characters of one error's texts. */
const NAME_MAX_LENGTH = 200;
const MESSAGE_MAX_LENGTH = 1_000;
const STACK_MAX_LENGTH = 2_000;

/** Most characters of a serialized error with all its causes. */
const DESCRIPTION_MAX_LENGTH = 6_000;

/** Most levels of causes, and most errors of an AggregateError. */
const MAX_DEPTH = 5;
const MAX_ERRORS = 5;

/** Most characters of a summary: DynamoDB bills records by KiB. */
const SUMMARY_MAX_LENGTH = 500;

/** Most characters of a message that is followed by its cause. */
const LEADING_MAX_LENGTH = 200;

/** Summarizes a thrown value: the messages of it and its causes, and the first code among them. */
export function summarizeError(thrown: unknown): ErrorSummary {
  const described = serializeError(thrown);
  const { name, message, stack } = described;
  return {
    name,
    message: textOf(described, SUMMARY_MAX_LENGTH),
    code: codeOf(described),
    frame: topFrame(stack, message),
  };
}

/**
 * The message of a thrown value and its causes: `fetch failed: connect ECONNREFUSED ::1:443`. Falls back to the code or
 * the name if there is no message. At most 1,000 characters.
 */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return shortened(thrown, MESSAGE_MAX_LENGTH);
  return textOf(serializeError(thrown), MESSAGE_MAX_LENGTH);
}

/** Serializes a thrown value with its causes, in at most 6,000 characters. Never throws. */
export function serializeError(thrown: unknown): SerializedError {
  return new Describer().describe(thrown, MAX_DEPTH);
}

/** Serializes one error and its causes within one limit. */
class Describer {
  readonly #described = new Set<unknown>();
  #left = DESCRIPTION_MAX_LENGTH;

  describe(thrown: unknown, depth: number): SerializedError {
    this.#described.add(thrown);
    try {
      if (!isError(thrown)) {
        return { name: 'NonError', message: this.#cut(`a ${typeof thrown} was thrown: ${String(thrown)}`) };
      }
      // Convert to text whatever the error holds, so that logging it can't fail.
      const [name, message, stack] = [String(thrown.name), String(thrown.message), thrown.stack];
      const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
      return {
        name: this.#cut(name, NAME_MAX_LENGTH),
        message: this.#cut(message),
        code: code && this.#cut(code, NAME_MAX_LENGTH),
        stack: stack && this.#cut(withoutLongMessage(String(stack), message), STACK_MAX_LENGTH),
        ...this.#causesOf(thrown, depth - 1),
      };
    } catch {
      return { name: 'NonError', message: `a value of type ${typeof thrown} without a text form was thrown` };
    }
  }

  #causesOf(thrown: Error, depth: number): Pick<SerializedError, 'cause' | 'errors'> {
    const { cause } = thrown;
    const errors = 'errors' in thrown && Array.isArray(thrown.errors) ? thrown.errors.filter(isError) : [];
    const [of] = cause === undefined ? [] : this.#all([cause], depth);
    const among = this.#all(errors.slice(0, MAX_ERRORS), depth);
    return { ...(of && { cause: of }), ...(among.length > 0 && { errors: among }) };
  }

  /** Serializes as many as fit, each once. */
  #all(errors: readonly unknown[], depth: number): SerializedError[] {
    return errors.flatMap((error) => {
      const isShown = depth > 0 && this.#left > 0 && !this.#described.has(error);
      return isShown ? [this.describe(error, depth)] : [];
    });
  }

  #cut(text: string, maxLength = MESSAGE_MAX_LENGTH): string {
    const cut = shortened(text, Math.min(maxLength, this.#left));
    this.#left -= cut.length;
    return cut;
  }
}

/** Errors of other realms, such as a test runner's, are not instances of this realm's class. */
function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true;
  return typeof thrown === 'object' && thrown !== null && 'stack' in thrown && 'message' in thrown;
}

/** A stack starts with the message. A long message would push out its frames. */
function withoutLongMessage(stack: string, message: string): string {
  const at = stack.indexOf(message);
  if (message.length <= MESSAGE_MAX_LENGTH || at < 0) return stack;
  return `${stack.slice(0, at)}${shortened(message, LEADING_MAX_LENGTH)}${stack.slice(at + message.length)}`;
}

function textOf({ name, message, code, cause, errors = [] }: SerializedError, maxLength: number): string {
  const reasons = [...errors, ...(cause ? [cause] : [])]
    .map((reason) => textOf(reason, maxLength))
    // Many errors quote the message of their cause.
    .filter((reason, index, all) => !message.includes(reason) && all.indexOf(reason) === index)
    .join('; ');
  if (!reasons) return shortened(message || code || name, maxLength);
  return shortened(message ? `${shortened(message, LEADING_MAX_LENGTH)}: ${reasons}` : reasons, maxLength);
}

function codeOf({ code, cause, errors = [] }: SerializedError): string | undefined {
  if (code !== undefined) return code;
  for (const reason of [...(cause ? [cause] : []), ...errors]) {
    const found = codeOf(reason);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A text of at most so many characters, with a mark where it was cut. */
export function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, Math.max(0, maxLength - 1))}…`;
}
