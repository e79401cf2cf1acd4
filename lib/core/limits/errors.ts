import { CoatcheckError } from '../base/errors.ts';

/** A limit can't be shown or changed as asked. */
export class LimitRefused extends CoatcheckError {
  override readonly name = 'LimitRefused';
  readonly code: 'limit_unknown' | 'limit_invalid';

  constructor(code: LimitRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Other processes kept changing the state of a limit. */
export class LimitContended extends CoatcheckError {
  override readonly name = 'LimitContended';
  readonly code = 'limit_contended';

  constructor(limit: string, writes: number) {
    super(`The limit ${limit} could not be changed: ${writes} times another process changed it first`);
  }
}
