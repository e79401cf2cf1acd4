import { OUTCOME_STATUSES } from '../../core/config/outcome-statuses.ts';

/** The status in a record, and whether the request used up its attempts. Columns of the index below. */
export const RECORD_STATUS = "json_extract(record, '$.status')";
export const RECORD_IS_DEAD = "json_extract(record, '$.attemptsExhausted')";

/** The figure of {@link LEDGER_TABLES} that counts accepted requests. The others are {@link OUTCOME_STATUSES}. */
export const ACCEPTED = 'accepted';

/** Not a figure: the time from when on outcomes are published to a queue of the file. */
export const PUBLICATIONS_SINCE = 'publications_since';

/**
 * Counts accepted requests in the transaction that writes their first record, in whatever process. Nothing counts a record that
 * disappears, so that its request is missed; what the retention deletes is added to the figure of its outcome instead.
 *
 * A record that is no longer kept may still be in its row when another request of its id comes.
 */
export const LEDGER_TABLES = `
  -- Of earlier versions. It lacks the key, for which the ledger would read the row of each waiting request.
  DROP INDEX IF EXISTS records_by_status;
  CREATE INDEX IF NOT EXISTS records_by_state ON records (${RECORD_STATUS}, ${RECORD_IS_DEAD}, key);

  CREATE TABLE IF NOT EXISTS ledger (
    figure TEXT PRIMARY KEY,
    count INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  INSERT INTO ledger SELECT '${ACCEPTED}', (SELECT count(*) FROM records)
  WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE figure = '${ACCEPTED}');

  INSERT OR IGNORE INTO ledger VALUES ${OUTCOME_STATUSES.map((status) => `('${status}', 0)`).join(', ')};

  CREATE TRIGGER IF NOT EXISTS "count accepted requests" AFTER INSERT ON records BEGIN
    UPDATE ledger SET count = count + 1 WHERE figure = '${ACCEPTED}';
  END;

  CREATE TRIGGER IF NOT EXISTS "count requests in a row of an earlier one" AFTER UPDATE OF position ON records
  WHEN new.position <> old.position AND old.outcome IS NOT NULL BEGIN
    UPDATE ledger SET count = count + 1 WHERE figure IN ('${ACCEPTED}', json_extract(old.record, '$.status'));
  END;
`;
