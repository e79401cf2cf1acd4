import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigurationError } from '../../core/base/errors.ts';
import { hideLogin } from '../../core/base/hide-login.ts';
import { OUTBOX_VARIABLE, type OutboxPlace } from '../../core/config/outbox-environment.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { OutboxAdministration } from '../../outbox/outbox-administration.ts';
import type { OutboxSource } from '../../outbox/outbox-source.ts';

/** The path of a SQLite file; undefined for the URL of another database. */
const pathOf = (url: string) => /^sqlite:(?:\/\/(?=\/))?([^?#]+)$/.exec(url)?.[1];

const isPostgres = (url: string) => /^postgres(?:ql)?:\/\//.test(url);

function unknown(url: string): ConfigurationError {
  return new ConfigurationError(
    `${OUTBOX_VARIABLE} must be the URL of a PostgreSQL database, such as postgres://user@host/db, or a SQLite file, such as sqlite:folder/app.db, got ${hideLogin(url)}`,
  );
}

/** What opening an outbox to relay needs. */
interface OpenOptions {
  readonly ordered: boolean;
  readonly logger: Logger;
  /** Ends the wait for a file. */
  readonly signal: AbortSignal;
}

/** How often a file that the application has still to create is looked for, in milliseconds. */
const LOOK_MILLISECONDS = 1_000;

/**
 * Opens an outbox to relay. Waits for a SQLite file that isn't there yet, and for its table.
 * @returns undefined if the signal fires meanwhile
 * @throws ConfigurationError for a database or a table that can't be used
 */
export async function openOutbox(
  { outboxUrl: url, table }: OutboxPlace,
  options: OpenOptions,
): Promise<OutboxSource | undefined> {
  const { ordered, logger } = options;
  const path = pathOf(url);
  if (path !== undefined) return openFile(path, table, options);
  if (!isPostgres(url)) throw unknown(url);
  const [{ PostgresOutbox }, { PostgresOutboxTable }] = await Promise.all([
    import('../../outbox/postgres/postgres-outbox.ts'),
    import('../../outbox/postgres/table.ts'),
  ]);
  return PostgresOutbox.open({ url, table: new PostgresOutboxTable(table), ordered, logger });
}

async function openFile(
  path: string,
  name: string,
  { ordered, logger, signal }: OpenOptions,
): Promise<OutboxSource | undefined> {
  const [{ SqliteOutbox }, { SqliteOutboxTable }, { OutboxMissing }] = await Promise.all([
    import('../../outbox/sqlite/sqlite-outbox.ts'),
    import('../../outbox/sqlite/table.ts'),
    import('../../outbox/sqlite/open-database.ts'),
  ]);
  const table = new SqliteOutboxTable(name);
  const isNew = !existsSync(path);
  if (isNew) logger.warn('The SQLite file of the outbox is not there yet; waiting for it', { file: path });
  while (!signal.aborted) {
    try {
      return await SqliteOutbox.open({ path, table, ordered });
    } catch (error) {
      // The application may have created the file, and not yet its table.
      if (!isNew || !(error instanceof OutboxMissing)) throw error;
    }
    await sleep(LOOK_MILLISECONDS, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

/** Opens an outbox to look after. @throws ConfigurationError for a database that can't be used */
export async function openAdministration({
  outboxUrl: url,
  table,
}: OutboxPlace): Promise<OutboxAdministration> {
  const path = pathOf(url);
  if (path !== undefined) {
    const [{ SqliteOutboxAdministration }, { SqliteOutboxTable }] = await Promise.all([
      import('../../outbox/sqlite/administration.ts'),
      import('../../outbox/sqlite/table.ts'),
    ]);
    return SqliteOutboxAdministration.open(path, new SqliteOutboxTable(table));
  }
  if (!isPostgres(url)) throw unknown(url);
  const [{ PostgresOutboxAdministration }, { PostgresOutboxTable }] = await Promise.all([
    import('../../outbox/postgres/administration.ts'),
    import('../../outbox/postgres/table.ts'),
  ]);
  return new PostgresOutboxAdministration(url, new PostgresOutboxTable(table));
}

/** The SQL of an outbox table. @param notify whether each insert announces itself, where the database can do so */
export async function tableDefinition({ outboxUrl, table }: OutboxPlace, notify: boolean): Promise<string> {
  if (outboxUrl.startsWith('sqlite:')) {
    const { SqliteOutboxTable } = await import('../../outbox/sqlite/table.ts');
    return new SqliteOutboxTable(table).definition;
  }
  const { PostgresOutboxTable } = await import('../../outbox/postgres/table.ts');
  return new PostgresOutboxTable(table).definition(notify);
}
