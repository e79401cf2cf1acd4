import { EnvelopeMalformed, PermanentError } from '../errors.ts';

/** A decoder throws nothing else; if it does, the message is still answered. */
export function asRejection(error: unknown): PermanentError {
  if (error instanceof PermanentError) return error;
  return new EnvelopeMalformed('message', error instanceof Error ? error.message : String(error));
}
