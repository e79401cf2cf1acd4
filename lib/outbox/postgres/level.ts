import type { Pool } from 'pg';
import type { OutboxLevel } from '../outbox-source.ts';

/** Reads how full an outbox table is. @param table as SQL writes its name */
export async function readLevel(pool: Pool, table: string): Promise<OutboxLevel> {
  const { rows } = await pool.query<Record<keyof OutboxLevel, string>>(
    `SELECT count(*) FILTER (WHERE refused IS NULL) AS waiting,
      coalesce(extract(epoch FROM clock_timestamp() - min(inserted) FILTER (WHERE refused IS NULL)) * 1000, 0)
        AS "oldestMilliseconds",
      count(*) FILTER (WHERE refused IS NOT NULL) AS refused
    FROM ${table}`,
  );
  const [level] = rows;
  return {
    waiting: Number(level?.waiting ?? 0),
    oldestMilliseconds: Math.max(0, Math.round(Number(level?.oldestMilliseconds ?? 0))),
    refused: Number(level?.refused ?? 0),
  };
}
