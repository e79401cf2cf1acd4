import type { Command } from 'commander';
import { ConfigurationError } from '../../core/base/errors.ts';
import { hideLogin } from '../../core/base/hide-login.ts';
import { OUTBOX_VARIABLE, readOutboxPlace } from '../../core/config/outbox-environment.ts';
import type { PostgresOutboxAdministration } from '../../outbox/postgres/administration.ts';

/** Options that say where the outbox is. */
export interface PlaceOptions {
  readonly from?: string;
  readonly table?: string;
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option(
      '--from <url>',
      `database of the application, such as postgres://user@host/db; or ${OUTBOX_VARIABLE}`,
    )
    .option('--table <name>', 'name of the outbox table; or COATCHECK_OUTBOX_TABLE (default: outbox)');
}

/** The environment, with what the options say instead. */
export function placed({ from, table }: PlaceOptions): Record<string, string | undefined> {
  return {
    ...process.env,
    ...(from !== undefined && { COATCHECK_OUTBOX: from }),
    ...(table !== undefined && { COATCHECK_OUTBOX_TABLE: table }),
  };
}

/** @throws ConfigurationError for a database of another kind */
export function assertPostgres(url: string): void {
  if (/^postgres(?:ql)?:\/\//.test(url)) return;
  throw new ConfigurationError(
    `${OUTBOX_VARIABLE} must be the URL of a PostgreSQL database, such as postgres://user@host/db, got ${hideLogin(url)}`,
  );
}

/** Works on the table that the options name. */
export async function withOutbox(
  options: PlaceOptions,
  work: (outbox: PostgresOutboxAdministration) => Promise<void>,
): Promise<void> {
  const { outboxUrl, table } = readOutboxPlace(placed(options));
  assertPostgres(outboxUrl);
  const [{ PostgresOutboxAdministration }, { OutboxTable }] = await Promise.all([
    import('../../outbox/postgres/administration.ts'),
    import('../../outbox/postgres/table.ts'),
  ]);
  await using outbox = new PostgresOutboxAdministration(outboxUrl, new OutboxTable(table));
  await work(outbox);
}
