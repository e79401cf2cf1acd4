import type { SqliteFile } from './sqlite-file.ts';

/** The tenant of a message, as the index below has it: those without a tenant are one tenant, whose name is empty. */
export const TENANT = "ifnull(message_group, '')";

/** Made when the first message of a tenant is received: until then, no write pays for it. */
const INDEX = `CREATE INDEX IF NOT EXISTS messages_by_tenant ON messages (queue, ${TENANT}, visible_at)`;

/** Whether tenants take turns in a file. */
export const HAS_TURNS = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'messages_by_tenant'";

/** The first message of the next tenant. */
const NEXT = `SELECT ${TENANT} AS tenant, visible_at FROM messages INDEXED BY messages_by_tenant
  WHERE queue = :queue AND ${TENANT} > :after AND ${TENANT} <= :last ORDER BY ${TENANT}, visible_at LIMIT 1`;

const OF_TENANT = `SELECT number FROM messages INDEXED BY messages_by_tenant
  WHERE queue = :queue AND ${TENANT} = :tenant AND visible_at <= :now ORDER BY visible_at, number LIMIT :max`;

const OLDEST = `SELECT number FROM messages WHERE queue = :queue AND visible_at <= :now
  ORDER BY visible_at, number LIMIT :max`;

/** Numbers come before every text, and blobs after. */
const BEFORE_ALL = -1;
const AFTER_ALL = new Uint8Array();

/** Most tenants without a visible message that one choice passes over. Beyond them, the oldest messages are chosen. */
const MAX_PASSED_OVER = 100;

/**
 * Chooses the messages of a queue to deliver next, so that its tenants take turns: one with many messages doesn't hold up those
 * with few. A choice takes time for the messages that it returns, and not for those that wait.
 */
export class TenantTurns {
  readonly #file: SqliteFile;
  readonly #queue: string;
  /** Whether any message has had a tenant. */
  #isOn: boolean;
  /** The tenant that had the latest turn. */
  #latest: string | number = BEFORE_ALL;

  constructor(file: SqliteFile, queue: string) {
    this.#file = file;
    this.#queue = queue;
    this.#isOn = file.statement(HAS_TURNS).get({}) !== undefined;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Begins to take turns, in this process and in all that open the file later. */
  async begin(): Promise<void> {
    await this.#file.write(() => this.#file.statement(INDEX).run({}), 'committed');
    this.#isOn = true;
  }

  /**
   * Chooses messages, in a transaction. What a tenant doesn't use of its share is for those after it.
   * @param now milliseconds since 1970
   * @returns the numbers of at most `max` visible messages, and of at least one if there is one
   */
  choose(max: number, now: number): number[] {
    const tenants = this.#nextTenants(max, now);
    const numbers: number[] = [];
    for (const [index, tenant] of tenants.entries()) {
      const share = Math.ceil((max - numbers.length) / (tenants.length - index));
      numbers.push(...this.#numbers(OF_TENANT, { tenant, now, max: share }));
    }
    return numbers.length > 0 ? numbers : this.#numbers(OLDEST, { now, max });
  }

  /** Tenants with visible messages, at most `max`, from the one after the latest on, each once. */
  #nextTenants(max: number, now: number): string[] {
    const tenants: string[] = [];
    const start = this.#latest;
    let last: string | Uint8Array = AFTER_ALL;
    for (let passedOver = 0; tenants.length < max && passedOver < MAX_PASSED_OVER; ) {
      const next = this.#file.statement(NEXT).get({ queue: this.#queue, after: this.#latest, last });
      if (next) {
        this.#latest = String(next.tenant);
        if (Number(next.visible_at) <= now) tenants.push(this.#latest);
        else passedOver++;
      } else if (last === AFTER_ALL && typeof start === 'string') {
        last = start;
        this.#latest = BEFORE_ALL;
      } else break;
    }
    return tenants;
  }

  #numbers(sql: string, bound: Record<string, string | number>): number[] {
    const rows = this.#file.statement(sql).all({ queue: this.#queue, ...bound });
    return rows.map(({ number }) => Number(number));
  }
}
