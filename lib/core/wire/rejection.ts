import { EnvelopeMalformed, PermanentError } from '../base/errors.ts';
import { messageOf } from '../base/serialize-error.ts';

/** A decoder throws nothing else; if it does, the message is still answered. */
export function asRejection(error: unknown): PermanentError {
  if (error instanceof PermanentError) return error;
  return new EnvelopeMalformed('message', messageOf(error));
}
