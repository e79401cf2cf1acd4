import type { OutboxLevel } from './outbox-source.ts';
import type { RefusedRow } from './postgres/administration.ts';

export type { RefusedRow };

/** What people do with an outbox table. Every method throws a ConfigurationError for a table that can't be used. */
export interface OutboxAdministration extends AsyncDisposable {
  /** Creates the table, or adds what is missing. @param notify whether each insert announces itself, where the database can do so */
  define(notify: boolean): Promise<void>;
  level(): Promise<OutboxLevel>;
  /** The refused rows, the oldest first. */
  refused(limit: number): Promise<RefusedRow[]>;
  /** Has refused rows relayed again, in their place. @param ids @default - all @returns how many */
  putBack(ids?: readonly string[]): Promise<number>;
  /** Deletes refused rows. @returns how many */
  drop(ids: readonly string[]): Promise<number>;
}
