/** What was thrown, for a log line: handlers throw anything, not only errors. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  /** Ours, or the system's: `ECONNREFUSED`. */
  readonly code?: string;
  readonly stack?: string;
  /** What it was made of, and so on. */
  readonly cause?: SerializedError;
  /** Those of an AggregateError, such as one for each address that refused a connection. */
  readonly errors?: readonly SerializedError[];
}

/** What was thrown, in short, for a record: its stack is in the log. */
export type ErrorSummary = Pick<SerializedError, 'name' | 'message' | 'code'>;

/** Longest texts of one error in a description, in characters. */
const NAME_MAX_LENGTH = 200;
const MESSAGE_MAX_LENGTH = 1_000;
const STACK_MAX_LENGTH = 2_000;

/** Longest description in all, its causes included, in characters. */
const DESCRIPTION_MAX_LENGTH = 6_000;

/** Most causes of causes that are described, and most errors of an AggregateError. */
const MAX_DEPTH = 5;
const MAX_ERRORS = 5;

/** Longest text of a summary, in characters: whoever writes records pays for every KiB. */
const SUMMARY_MAX_LENGTH = 500;

/** How much of a message is left when its cause follows. */
const LEADING_MAX_LENGTH = 200;

/** Describes whatever was thrown in short: with the messages of its causes, and the first code among them. */
export function summarizeError(thrown: unknown): ErrorSummary {
  const described = serializeError(thrown);
  return { name: described.name, message: textOf(described, SUMMARY_MAX_LENGTH), code: codeOf(described) };
}

/**
 * The message of whatever was thrown, followed by those of its causes: `fetch failed: connect ECONNREFUSED ::1:443`.
 * Its code or name where there is no message; 1,000 characters at most.
 */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return shortened(thrown, MESSAGE_MAX_LENGTH);
  return textOf(serializeError(thrown), MESSAGE_MAX_LENGTH);
}

/** Describes whatever was thrown with its causes, in 6,000 characters at most; never throws itself. */
export function serializeError(thrown: unknown): SerializedError {
  return new Describer().describe(thrown, MAX_DEPTH);
}

/** Describes one error and its causes within one bound. */
class Describer {
  readonly #described = new Set<unknown>();
  #left = DESCRIPTION_MAX_LENGTH;

  describe(thrown: unknown, depth: number): SerializedError {
    this.#described.add(thrown);
    try {
      if (!isError(thrown)) {
        return { name: 'NonError', message: this.#cut(`a ${typeof thrown} was thrown: ${String(thrown)}`) };
      }
      // Text, whatever was assigned to them: a value that can't be written must not fail who writes the log.
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
      return { name: 'NonError', message: `a ${typeof thrown} was thrown that has no text` };
    }
  }

  #causesOf(thrown: Error, depth: number): Pick<SerializedError, 'cause' | 'errors'> {
    const { cause } = thrown;
    const errors = 'errors' in thrown && Array.isArray(thrown.errors) ? thrown.errors.filter(isError) : [];
    const [of] = cause === undefined ? [] : this.#all([cause], depth);
    const among = this.#all(errors.slice(0, MAX_ERRORS), depth);
    return { ...(of && { cause: of }), ...(among.length > 0 && { errors: among }) };
  }

  /** As far as there is room, and none twice. */
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

/** Errors of other realms, such as those of a test runner, are no instances of this one's class. */
function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true;
  return typeof thrown === 'object' && thrown !== null && 'stack' in thrown && 'message' in thrown;
}

/** A stack begins with the message: of a long one its frames would be cut off. */
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

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, Math.max(0, maxLength - 1))}…`;
}
