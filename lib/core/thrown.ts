import { CoatcheckError } from './errors.ts';

/** What was thrown, for a log line or a record: handlers throw anything, not only errors. */
export interface ThrownDescription {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** Describes whatever was thrown; never throws itself. */
export function describeThrown(thrown: unknown): ThrownDescription {
  try {
    if (thrown instanceof Error) {
      const { name, message, stack } = thrown;
      const code = thrown instanceof CoatcheckError ? thrown.code : undefined;
      // Text, whatever was assigned to them: a value that can't be written must not fail who writes the log.
      return { name: String(name), message: String(message), stack, code };
    }
    return { name: 'NonError', message: `a ${typeof thrown} was thrown: ${String(thrown)}` };
  } catch {
    return { name: 'NonError', message: `a ${typeof thrown} was thrown that has no text` };
  }
}
