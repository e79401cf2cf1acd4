import { CoatcheckError } from '../base/errors.ts';

/** There is no record of the request, or none any more. */
export class RecordMissing extends CoatcheckError {
  readonly code = 'record_missing';

  constructor(requestId: string) {
    super(`There is no record of the request ${requestId}`);
  }
}

/** Others changed the record again and again while one wanted to. */
export class RecordContended extends CoatcheckError {
  readonly code = 'record_contended';

  constructor(requestId: string, writes: number) {
    super(`The record of the request ${requestId} changed ${writes} times while one change was to be made`);
  }
}
