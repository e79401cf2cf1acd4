import { CoatcheckError } from './errors.ts';

/** What was thrown, for a log line or a record: handlers throw anything, not only errors. */
export interface ThrownDescription {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

/** What was thrown, in short, for a record: its stack is in the log. */
export type ThrownSummary = Omit<ThrownDescription, 'stack'>;

/** Longest text of a summary, in characters: whoever writes records pays for every KiB. */
const SUMMARY_MAX_LENGTH = 500;

/** Describes whatever was thrown in short. */
export function summarizeThrown(thrown: unknown): ThrownSummary {
  const { name, message, code } = describeThrown(thrown);
  return {
    name: name.slice(0, SUMMARY_MAX_LENGTH),
    message: message.slice(0, SUMMARY_MAX_LENGTH),
    code: code?.slice(0, SUMMARY_MAX_LENGTH),
  };
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
