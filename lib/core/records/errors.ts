import { CoatcheckError } from '../base/errors.ts';

/** The request has no record, or its record was deleted. */
export class RecordMissing extends CoatcheckError {
  override readonly name = 'RecordMissing';
  readonly code = 'record_missing';

  constructor(requestId: string) {
    super(`There is no record of the request ${requestId}`);
  }
}

/** Other writers kept changing the record, so that no try could write it. */
export class RecordContended extends CoatcheckError {
  override readonly name = 'RecordContended';
  readonly code = 'record_contended';

  constructor(requestId: string, writes: number) {
    super(`The record of the request ${requestId} changed ${writes} times while it was being changed`);
  }
}
