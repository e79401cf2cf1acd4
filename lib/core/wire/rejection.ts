import { EnvelopeMalformed, PermanentError } from '../base/errors.ts';
import { messageOf } from '../base/serialize-error.ts';

/** The rejection for a decoder's error. Decoders throw only permanent errors; any other error still gets an outcome. */
export function asRejection(error: unknown): PermanentError {
  if (error instanceof PermanentError) return error;
  return new EnvelopeMalformed('message', messageOf(error));
}
