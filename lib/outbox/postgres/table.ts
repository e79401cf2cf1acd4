import { ConfigurationError } from '../../core/base/errors.ts';
import { quote } from '../../core/base/quote.ts';

/** The channel that committed rows are announced on. */
export const CHANNEL = 'coatcheck_outbox';

/** The class of our advisory locks: the first bytes of the SHA-256 of `coatcheck`. */
const LOCK_CLASS = 0x0a02314;

/** An outbox table in PostgreSQL, by its name. */
export class PostgresOutboxTable {
  /** As SQL writes it. */
  readonly sql: string;
  readonly #schema: string;

  /**
   * @param name maybe with a schema: `app.outbox`
   * @throws ConfigurationError
   */
  constructor(name: string) {
    if (!/^(?:[a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/i.test(name)) {
      throw new ConfigurationError(
        `The outbox table must be a name of letters, digits and _, maybe after a schema and a dot, got ${quote(name)}`,
      );
    }
    const parts = name.split('.').map((part) => `"${part}"`);
    this.sql = parts.join('.');
    this.#schema = parts.length > 1 ? `${parts[0]}.` : '';
  }

  /**
   * The statements that create the table, or add to a table of Debezium's what the relay needs. They can be repeated.
   * @param notify whether each insert announces itself
   */
  definition(notify: boolean): string {
    const { sql } = this;
    const index = (columns: string) => sql.replaceAll('"', '').replace('.', '_') + columns;
    const statements = [
      `-- The columns of Debezium's outbox event router.
CREATE TABLE IF NOT EXISTS ${sql} (
  id uuid PRIMARY KEY,
  aggregatetype text NOT NULL,
  aggregateid text NOT NULL,
  type text NOT NULL,
  payload text
);`,
      `-- What the relay needs: the order of inserts, since when a row waits, and why it was refused.
ALTER TABLE ${sql}
  ADD COLUMN IF NOT EXISTS tracingspancontext text,
  ADD COLUMN IF NOT EXISTS position bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN IF NOT EXISTS inserted timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN IF NOT EXISTS refused text;`,
      `CREATE UNIQUE INDEX IF NOT EXISTS "${index('_position')}" ON ${sql} (position);`,
      `CREATE INDEX IF NOT EXISTS "${index('_aggregate')}" ON ${sql} (aggregateid, position);`,
    ];
    return `${[...statements, ...(notify ? this.#announcement() : [])].join('\n\n')}\n`;
  }

  /**
   * Transactions that notify are committed one after another, in the whole database. So of those that commit at the same time, one
   * does. The relay it wakes mostly finds the rows of the others too, or else within a second.
   *
   * Without waiting for the disk, a commit is visible before a crash can't undo it any more: the request would outlive its change.
   */
  #announcement(): string[] {
    const callee = `${this.#schema}${CHANNEL}_notify`;
    return [
      `-- Wakes the relays at a commit. Without it, they look once a second. One of the transactions that commit at the same time
-- does, since PostgreSQL commits those that notify one after another. Each waits for the disk, so that a crash of the server can't
-- undo a change whose request is relayed.
CREATE OR REPLACE FUNCTION ${callee}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  IF pg_try_advisory_xact_lock(${LOCK_CLASS}, TG_RELID::bigint::bit(32)::integer) THEN
    PERFORM pg_notify('${CHANNEL}', '');
  END IF;
  RETURN NULL;
END $$;`,
      `DROP TRIGGER IF EXISTS ${CHANNEL}_notify ON ${this.sql};`,
      `CREATE CONSTRAINT TRIGGER ${CHANNEL}_notify AFTER INSERT ON ${this.sql}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${callee}();`,
    ];
  }
}
