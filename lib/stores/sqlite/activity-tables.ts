import { OUTCOME_STATUSES } from '../../core/config/outcome-statuses.ts';
import { ACTIVITY_BUCKET_SECONDS, type ActivityFigure } from '../../core/ports/activity-log.ts';
import { RECORD_STATUS } from './ledger-tables.ts';

/** Finds out whether a file has {@link ACTIVITY_TABLES}. */
export const HAS_ACTIVITY = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'activity'";

/** Counts one request. @param at when, in milliseconds since 1970 @param figure SQL of an {@link ActivityFigure} */
export function countActivity(at: string, figure: string): string {
  return `INSERT INTO activity VALUES (${bucketOf(at)}, ${figure}, 1) ON CONFLICT DO UPDATE SET count = count + 1`;
}

/** When the bucket of a time begins. Times of a clock may have fractions. */
function bucketOf(at: string): string {
  const milliseconds = ACTIVITY_BUCKET_SECONDS * 1_000;
  return `CAST(${at} AS INTEGER) / ${milliseconds} * ${milliseconds}`;
}

const SUBMITTED: ActivityFigure = 'submitted';

/** A position begins with the time at which the request was created. Reading it takes less than parsing the record. */
const createdAt = (row: 'new' | 'records') => `unixepoch(substr(${row}.position, 1, 19)) * 1000`;

/** When the latest event happened: of a record that has ended just now, its end. */
const updatedAt = (row: 'new' | 'old') => `json_extract(${row}.record, '$.updatedAt')`;

const status = (row: 'new' | 'old') => `json_extract(${row}.record, '$.status')`;

/**
 * Counts requests by time, in the transaction that writes their record, in whatever process: when they are created as the
 * ledger does, and whenever they end. A success that turns into a failure, because it can't be published, ended once.
 */
export const ACTIVITY_TABLES = `
  CREATE TABLE activity (
    at INTEGER NOT NULL,
    figure TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (at, figure)
  ) STRICT, WITHOUT ROWID;

  INSERT INTO activity SELECT ${bucketOf(createdAt('records'))}, '${SUBMITTED}', count(*) FROM records GROUP BY 1;

  INSERT INTO activity SELECT ${bucketOf("json_extract(outcome, '$.endedAt')")}, ${RECORD_STATUS}, count(*) FROM records
    WHERE ${RECORD_STATUS} IN (${OUTCOME_STATUSES.map((name) => `'${name}'`).join(', ')}) GROUP BY 1, 2;

  CREATE TRIGGER "count submitted requests by time" AFTER INSERT ON records BEGIN
    ${countActivity(createdAt('new'), `'${SUBMITTED}'`)};
  END;

  CREATE TRIGGER "count submitted requests by time in a row of an earlier one" AFTER UPDATE OF position ON records
  WHEN new.position <> old.position AND old.outcome IS NOT NULL BEGIN
    ${countActivity(createdAt('new'), `'${SUBMITTED}'`)};
  END;

  CREATE TRIGGER "count ended requests by time" AFTER UPDATE OF outcome ON records
  WHEN new.outcome IS NOT NULL AND (old.outcome IS NULL OR ${status('new')} <> ${status('old')}) BEGIN
    ${countActivity(updatedAt('new'), status('new'))};
  END;

  CREATE TRIGGER "count requests by time that end otherwise" AFTER UPDATE OF outcome ON records
  WHEN new.outcome IS NOT NULL AND old.outcome IS NOT NULL AND ${status('new')} <> ${status('old')} BEGIN
    UPDATE activity SET count = count - 1 WHERE at = ${bucketOf(updatedAt('old'))} AND figure = ${status('old')};
  END;
`;
