import type { Command } from 'commander';
import { ConfigurationError } from '../../core/base/errors.ts';
import { OUTBOX_VARIABLE, readOutboxPlace } from '../../core/config/outbox-environment.ts';
import type { OutboxAdministration } from '../../outbox/outbox-administration.ts';
import { readText } from '../quantities.ts';
import { openAdministration } from './open-outbox.ts';

/** Options that say where the outbox is. */
export interface PlaceOptions {
  readonly from?: string;
  readonly table?: string;
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option(
      '--from <url>',
      `database of the application, such as postgres://user@host/db or sqlite:folder/app.db; or ${OUTBOX_VARIABLE}`,
      readText,
    )
    .option(
      '--table <name>',
      'name of the outbox table; or COATCHECK_OUTBOX_TABLE (default: outbox)',
      readText,
    );
}

/** The environment, with what the options say instead. */
export function placed({ from, table }: PlaceOptions): Record<string, string | undefined> {
  return {
    ...process.env,
    ...(from !== undefined && { COATCHECK_OUTBOX: from }),
    ...(table !== undefined && { COATCHECK_OUTBOX_TABLE: table }),
  };
}

/** @throws ConfigurationError unless all ids were those of refused rows */
export function assertRefused(ids: readonly string[], changed: number): void {
  const others = new Set(ids).size - changed;
  if (others <= 0) return;
  throw new ConfigurationError(
    `${others} of the ids given ${others === 1 ? 'is' : 'are'} not of a refused row. List refused rows: npx coatcheck outbox status`,
  );
}

/** Works on the table that the options name. */
export async function withOutbox(
  options: PlaceOptions,
  work: (outbox: OutboxAdministration) => Promise<void>,
): Promise<void> {
  await using outbox = await openAdministration(readOutboxPlace(placed(options)));
  await work(outbox);
}
