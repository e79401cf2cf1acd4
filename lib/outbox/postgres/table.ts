import { ConfigurationError } from '../../core/base/errors.ts';
import { quote } from '../../core/base/quote.ts';

/** The channel that committed rows are announced on. */
export const CHANNEL = 'coatcheck_outbox';

/** An outbox table in PostgreSQL, by its name. */
export class OutboxTable {
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

  #announcement(): string[] {
    const callee = `${this.#schema}${CHANNEL}_notify`;
    return [
      `-- Wakes the relays when an insert is committed. Without it, they look once a second.
CREATE OR REPLACE FUNCTION ${callee}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('${CHANNEL}', '');
  RETURN NULL;
END $$;`,
      `CREATE OR REPLACE TRIGGER ${CHANNEL}_notify AFTER INSERT ON ${this.sql}
  FOR EACH STATEMENT EXECUTE FUNCTION ${callee}();`,
    ];
  }
}
