import { CoatcheckError } from '../core/base/errors.ts';

/** A handler took too long. Its outcome is delivered again, and the consumer no longer waits for it. */
export class HandlerTimedOut extends CoatcheckError {
  override readonly name = 'HandlerTimedOut';
  readonly code = 'handler_timed_out';

  /** @param limit the limit that it exceeded */
  constructor(limit: string) {
    super(`The handler did not finish ${limit}; its outcome will be delivered again`);
  }
}
