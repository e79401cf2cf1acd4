import { EnvelopeMalformed, PermanentError } from '../errors.ts';
import { messageOf } from '../thrown.ts';

/** A decoder throws nothing else; if it does, the message is still answered. */
export function asRejection(error: unknown): PermanentError {
  if (error instanceof PermanentError) return error;
  return new EnvelopeMalformed('message', messageOf(error));
}
