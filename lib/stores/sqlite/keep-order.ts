import { ConfigurationError } from '../../core/base/errors.ts';
import { quote } from '../../core/base/quote.ts';
import { textOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** When messages are visible that wait for an earlier one of their group: never, while it is there. */
export const BEHIND_ANOTHER = Number.MAX_SAFE_INTEGER;

const GROUPS = 'SELECT DISTINCT message_group FROM messages WHERE queue = :queue';

const REGROUP = 'UPDATE messages SET message_group = :to WHERE queue = :queue AND message_group IS :from';

const JOIN = 'UPDATE messages SET queue = :queue WHERE queue = :other';

/** Messages that were sent before their queue kept order. */
export interface SentBefore {
  /** Queues whose messages join it. @default - none */
  readonly joining?: readonly string[];
  /** Their group, by the one that they have. @default - that one */
  readonly groupOf?: (group: string | undefined) => string;
}

/**
 * Makes a queue keep the order of each group: of its messages, only the first is ever visible, until it is deleted. The rule
 * is in the file, as triggers, so that it holds in all processes, and for all that deletes messages.
 * @param before what becomes of messages that were sent before
 * @throws ConfigurationError for a name that can't be in a trigger
 */
export async function keepOrder(
  file: SqliteFile,
  queue: string,
  { joining = [], groupOf }: SentBefore = {},
): Promise<void> {
  await file.write(() => {
    if (keepsOrder(file, queue)) return;
    for (const other of joining) file.statement(JOIN).run({ queue, other });
    if (groupOf) regroup(file, queue, groupOf);
    for (const statement of statementsFor(queue)) file.statement(statement).run();
  }, 'on disk');
}

function regroup(file: SqliteFile, queue: string, groupOf: (group: string | undefined) => string): void {
  for (const { message_group: from = null } of file.statement(GROUPS).all({ queue })) {
    file.statement(REGROUP).run({ queue, from, to: groupOf(textOf(from)) });
  }
}

/** Triggers take no parameters. */
function statementsFor(queue: string): readonly string[] {
  if (!/^[\w-]+$/.test(queue)) {
    throw new ConfigurationError(
      `The name of a queue that keeps order must have letters, digits, _ and - only, got ${quote(queue)}`,
    );
  }
  return [
    'CREATE INDEX IF NOT EXISTS messages_by_group ON messages (queue, message_group, number) WHERE message_group IS NOT NULL',
    `CREATE TRIGGER "join ${queue}" AFTER INSERT ON messages
     WHEN new.queue = '${queue}' AND new.message_group IS NOT NULL AND EXISTS (
       SELECT 1 FROM messages WHERE queue = '${queue}' AND message_group = new.message_group AND number < new.number
     ) BEGIN
       UPDATE messages SET visible_at = ${BEHIND_ANOTHER} WHERE number = new.number;
     END`,
    `CREATE TRIGGER "follow ${queue}" AFTER DELETE ON messages
     WHEN old.queue = '${queue}' AND old.message_group IS NOT NULL BEGIN
       UPDATE messages SET visible_at = sent_at WHERE visible_at = ${BEHIND_ANOTHER} AND number = (
         SELECT min(number) FROM messages WHERE queue = '${queue}' AND message_group = old.message_group
       );
     END`,
    // Those that wait for their time must not hold up a group until then.
    `UPDATE messages SET message_group = NULL WHERE queue = '${queue}' AND deliveries = 0 AND visible_at > sent_at`,
    // Those that were sent before the queue kept order.
    `UPDATE messages SET visible_at = ${BEHIND_ANOTHER}
     WHERE queue = '${queue}' AND message_group IS NOT NULL AND deliveries = 0 AND EXISTS (
       SELECT 1 FROM messages AS earlier WHERE earlier.queue = '${queue}'
         AND earlier.message_group = messages.message_group AND earlier.number < messages.number
     )`,
  ];
}

/** Whether a queue keeps order. */
export function keepsOrder(file: SqliteFile, queue: string): boolean {
  const trigger = `SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = :name`;
  return file.statement(trigger).get({ name: `join ${queue}` }) !== undefined;
}
