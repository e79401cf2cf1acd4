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
      return { name, message, stack, code: thrown instanceof CoatcheckError ? thrown.code : undefined };
    }
    return { name: 'NonError', message: `a ${typeof thrown} was thrown: ${String(thrown)}` };
  } catch {
    return { name: 'NonError', message: `a ${typeof thrown} was thrown that has no text` };
  }
}
