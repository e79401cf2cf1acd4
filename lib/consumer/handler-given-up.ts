import { CoatcheckError } from '../core/base/errors.ts';

/** A handler took too long: its slot is free, its outcome comes again, and what it does later isn't waited for. */
export class HandlerGivenUp extends CoatcheckError {
  readonly code = 'handler_given_up';

  /** @param limit which limit it passed */
  constructor(limit: string) {
    super(`The handler wasn't done ${limit}: its outcome comes again`);
  }
}
