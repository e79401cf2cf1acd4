import { eventTypeOf } from '../../core/model/event-names.ts';
import { numberOf } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Which outcomes a subscription gets: those that fit all parts. A part that is left out fits all. */
export interface OutcomeFilter {
  /** Patterns of topics, one of which must fit. */
  readonly topics?: readonly string[];
  /** Such as `succeeded`. */
  readonly statuses?: readonly string[];
  readonly tenants?: readonly string[];
}

const TABLE = `CREATE TABLE IF NOT EXISTS subscriptions (
  queue TEXT NOT NULL,
  name TEXT NOT NULL,
  topics TEXT,
  types TEXT,
  tenants TEXT,
  PRIMARY KEY (queue, name)
) STRICT, WITHOUT ROWID`;

const SET = `INSERT INTO subscriptions (queue, name, topics, types, tenants)
  VALUES (:queue, :name, :topics, :types, :tenants)
  ON CONFLICT (queue, name) DO UPDATE SET topics = :topics, types = :types, tenants = :tenants`;

const REMOVE = 'DELETE FROM subscriptions WHERE queue = :queue AND name = :name';

const REMOVE_MESSAGES = 'DELETE FROM messages WHERE queue = :queue';

const COUNT = 'SELECT count(*) AS count FROM subscriptions';

const NAMES = 'SELECT name FROM subscriptions WHERE queue = :queue ORDER BY name';

const EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'subscriptions'";

/** What the body of a message, a CloudEvent, says about it. */
const TOPIC = "json_extract(new.body, '$.topic')";

const isOneOf = (list: string, value: string) =>
  `(${list} IS NULL OR ${value} IN (SELECT value FROM json_each(${list})))`;

/**
 * Copies each message into the queues of the subscriptions that it fits, in the transaction that sends it: the rule holds in
 * all processes, and is there only while there are subscriptions. Patterns fit as `matchesTopic()` says. What isn't JSON is no
 * event: it can be sent, and no subscription gets it.
 */
const FAN_OUT = `CREATE TRIGGER IF NOT EXISTS "fan out" AFTER INSERT ON messages
  WHEN new.queue IN (SELECT queue FROM subscriptions) AND json_valid(new.body) BEGIN
    INSERT INTO messages (queue, visible_at, sent_at, id, name, message_group, attributes, body)
    SELECT new.queue || '/' || name, new.visible_at, new.sent_at, new.id, new.name, new.message_group, new.attributes, new.body
    FROM subscriptions WHERE queue = new.queue
      AND ${isOneOf('types', "json_extract(new.body, '$.type')")}
      AND ${isOneOf('tenants', "json_extract(new.body, '$.tenant')")}
      AND (topics IS NULL OR EXISTS (
        SELECT 1 FROM json_each(topics) WHERE value IN ('*', ${TOPIC}) OR (
          value LIKE '%.*' AND substr(${TOPIC}, 1, length(value) - 1) = substr(value, 1, length(value) - 1)
        )
      ));
  END`;

const NO_FAN_OUT = 'DROP TRIGGER IF EXISTS "fan out"';

/** The queue of a subscription to another queue. */
export function subscriptionQueue(queue: string, name: string): string {
  return `${queue}/${name}`;
}

/** Adds a subscription to the outcomes that are sent to a queue from now on, or changes its filter. */
export async function subscribe(
  file: SqliteFile,
  queue: string,
  name: string,
  { topics, statuses, tenants }: OutcomeFilter,
): Promise<void> {
  const types = statuses?.map((status) => eventTypeOf({ status }));
  await file.write(() => {
    file.statement(TABLE).run();
    file
      .statement(SET)
      .run({ queue, name, topics: listOf(topics), types: listOf(types), tenants: listOf(tenants) });
    file.statement(FAN_OUT).run();
  }, 'on disk');
}

/** Removes a subscription with the outcomes that wait in its queue. @returns whether there was one */
export function unsubscribe(file: SqliteFile, queue: string, name: string): Promise<boolean> {
  return file.write(() => {
    if (!hasSubscriptions(file)) return false;
    const removed = Number(file.statement(REMOVE).run({ queue, name }).changes) > 0;
    file.statement(REMOVE_MESSAGES).run({ queue: subscriptionQueue(queue, name) });
    if (numberOf(file.statement(COUNT).get()?.count) === 0) file.statement(NO_FAN_OUT).run();
    return removed;
  }, 'on disk');
}

/** The names of the subscriptions to a queue. */
export function subscriptionsTo(file: SqliteFile, queue: string): readonly string[] {
  if (!hasSubscriptions(file)) return [];
  return file
    .statement(NAMES)
    .all({ queue })
    .map(({ name }) => String(name));
}

function hasSubscriptions(file: SqliteFile): boolean {
  return file.statement(EXISTS).get() !== undefined;
}

function listOf(values: readonly string[] | undefined): string | null {
  return values === undefined ? null : JSON.stringify(values);
}
