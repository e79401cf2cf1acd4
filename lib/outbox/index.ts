/**
 * The package export `coatcheck/outbox`: requests that are committed together with the change that causes them.
 */

export { CoatcheckError } from '../core/base/errors.ts';
export { RequestRefused } from '../core/intake/errors.ts';
export type { ServiceSubmitOptions } from '../core/intake/request-reader.ts';
export type { SubmitOptions } from '../core/intake/submit-options.ts';
export type { Priority } from '../core/model/priority.ts';
export {
  type DocumentPut,
  DynamoDbOutbox,
  type DynamoDbOutboxOptions,
  type DynamoDbOutboxRequest,
  type OutboxKeys,
  type OutboxPayloads,
  type TransactPut,
} from './dynamodb-outbox.ts';
export { type OutboxOptions, type OutboxRow, outboxRow } from './outbox-row.ts';
export { SQLITE_OUTBOX, SQLITE_OUTBOX_INSERT } from './sqlite/table.ts';
