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

/** Opens an outbox to relay. @throws ConfigurationError for a database or a table that can't be used */
export async function openOutbox(
  { outboxUrl: url, table }: OutboxPlace,
  { ordered, logger }: { readonly ordered: boolean; readonly logger: Logger },
): Promise<OutboxSource> {
  const path = pathOf(url);
  if (path !== undefined) {
    const [{ SqliteOutbox }, { SqliteOutboxTable }] = await Promise.all([
      import('../../outbox/sqlite/sqlite-outbox.ts'),
      import('../../outbox/sqlite/table.ts'),
    ]);
    return SqliteOutbox.open({ path, table: new SqliteOutboxTable(table), ordered });
  }
  if (!isPostgres(url)) throw unknown(url);
  const [{ PostgresOutbox }, { PostgresOutboxTable }] = await Promise.all([
    import('../../outbox/postgres/postgres-outbox.ts'),
    import('../../outbox/postgres/table.ts'),
  ]);
  return PostgresOutbox.open({ url, table: new PostgresOutboxTable(table), ordered, logger });
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
