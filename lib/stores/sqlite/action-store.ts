import { DAY_MILLISECONDS } from '../../core/base/time.ts';
import {
  type Action,
  type ActionItem,
  type ActionTarget,
  ITEM_RESULTS,
  type ItemResult,
  type ItemSettlement,
  type ListedItem,
} from '../../core/model/action.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import type {
  ActionPage,
  ActionStore,
  CanaryCounts,
  CanaryEnd,
  ListedItemPage,
  StoredAction,
} from '../../core/ports/action-store.ts';
import { createActionTables, hasActions } from './action-tables.ts';
import { numberOf, type Row, textOf, wholeSecond } from './row.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** What {@link SqliteFile.whenChanged} calls the actions. */
export const ACTIONS = 'actions';

/** Listed requests that are stored in one transaction: it holds up the event loop, and other processes that write. */
const LIST_TOGETHER = 1_000;

const CREATE = `INSERT INTO actions (id, action, revision, items_until, kept_until)
  VALUES (:id, :action, 1, :itemsUntil, :keptUntil)
  RETURNING number`;

const ADD_ITEM = `INSERT INTO action_items (action, ordinal, id, source, tenant, status, letter, redrives)
  VALUES (:action, :ordinal, :id, :source, :tenant, :status, :letter, :redrives)`;

const NOTE_LISTED = 'UPDATE actions SET listed = 1 WHERE number = :number';

const FIND = 'SELECT * FROM actions WHERE id = :id AND listed';

const LIST = 'SELECT * FROM actions WHERE listed AND number < :before ORDER BY number DESC LIMIT :limit';

const WRITE = `UPDATE actions SET action = :action, revision = :revision, due_at = :dueAt,
    items_until = :itemsUntil, kept_until = :keptUntil
  WHERE id = :id AND revision = :revision - 1`;

/** Whether a process can do the steps of an action: to rehearse, it needs the processor. */
const ABLE = "(:rehearses OR action ->> '$.action' <> 'rehearse')";

const NEXT_DUE = `SELECT min(due_at) AS at FROM actions WHERE due_at IS NOT NULL AND ${ABLE}`;

const TAKE_DUE = `UPDATE actions SET due_at = :leasedUntil WHERE number = (
    SELECT number FROM actions WHERE due_at <= :now AND ${ABLE} ORDER BY due_at, number LIMIT 1
  ) RETURNING *`;

const SET_DUE = 'UPDATE actions SET due_at = :at WHERE id = :id AND due_at IS NOT NULL';

const NUMBER = '(SELECT number FROM actions WHERE id = :id)';

const PENDING = `SELECT * FROM action_items WHERE action = ${NUMBER} AND result IS NULL AND ordinal < :before
  ORDER BY ordinal LIMIT :limit`;

const LISTED = `SELECT * FROM action_items WHERE action = ${NUMBER} AND ordinal > :after
  ORDER BY ordinal LIMIT :limit`;

const WATCHED = `SELECT * FROM action_items WHERE action = ${NUMBER} AND ordinal < :size AND result = 'done' AND end IS NULL
  ORDER BY ordinal LIMIT :limit`;

const NOTE_END = `UPDATE action_items SET end = :status WHERE action = ${NUMBER} AND ordinal = :ordinal`;

const COUNT_CANARY = `SELECT count(*) AS watched, count(end) AS ended,
    count(*) FILTER (WHERE end IN ('failed', 'expired')) AS failed
  FROM action_items WHERE action = ${NUMBER} AND ordinal < :size AND result = 'done'`;

const SETTLE = `UPDATE action_items SET result = :result, detail = :detail, retried_as = :retriedAs
  WHERE action = ${NUMBER} AND ordinal = :ordinal AND result IS NULL`;

const RESETTLE = `UPDATE action_items SET result = :result, detail = :detail
  WHERE action = ${NUMBER} AND ordinal = :ordinal AND result = :before AND detail = :beforeDetail`;

const UNCOUNT: Readonly<Record<ItemResult, string>> = {
  done: 'UPDATE actions SET done = done - 1 WHERE id = :id',
  skipped: 'UPDATE actions SET skipped = skipped - 1 WHERE id = :id',
  failed: 'UPDATE actions SET failed = failed - 1 WHERE id = :id',
};

const COUNT: Readonly<Record<ItemResult, string>> = {
  done: 'UPDATE actions SET done = done + 1 WHERE id = :id',
  skipped: 'UPDATE actions SET skipped = skipped + 1 WHERE id = :id',
  failed: 'UPDATE actions SET failed = failed + 1 WHERE id = :id',
};

/** Actions in a file. Its tables are there as soon as there is an action. */
export class SqliteActionStore implements ActionStore {
  readonly #file: SqliteFile;
  readonly #ageMilliseconds: number;
  readonly #rehearses: number;

  /**
   * @param ageDays how long an action is kept after its end
   * @param steps which steps this process can do
   */
  constructor(file: SqliteFile, ageDays: number, steps: { readonly rehearses: boolean }) {
    this.#file = file;
    this.#ageMilliseconds = ageDays * DAY_MILLISECONDS;
    this.#rehearses = steps.rehearses ? 1 : 0;
  }

  async create(action: Action, targets: readonly ActionTarget[]): Promise<StoredAction> {
    const row = { id: action.id, action: JSON.stringify(action), ...this.#timesOf(action) };
    const number = await this.#file.write(() => {
      createActionTables(this.#file);
      return Number(this.#file.statement(CREATE).all(row).at(0)?.number);
    }, 'committed');
    for (let start = 0; start < targets.length; start += LIST_TOGETHER) {
      const rows = targets
        .slice(start, start + LIST_TOGETHER)
        .map((target, offset) => itemRow(target, number, start + offset));
      await this.#file.write(() => {
        for (const each of rows) this.#file.statement(ADD_ITEM).run(each);
      }, 'committed');
    }
    await this.#file.write(() => this.#file.statement(NOTE_LISTED).run({ number }));
    return { action, progress: { done: 0, skipped: 0, failed: 0 }, revision: 1 };
  }

  async find(id: string): Promise<StoredAction | undefined> {
    const row = hasActions(this.#file) ? this.#file.statement(FIND).get({ id }) : undefined;
    return row && storedOf(row);
  }

  async list(after: string | undefined, limit: number): Promise<ActionPage> {
    if (!hasActions(this.#file)) return { actions: [] };
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    const rows = this.#file.statement(LIST).all({ before, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? { next: String(page.at(-1)?.number) } : {};
    return { actions: page.map(storedOf), ...next };
  }

  async listed(id: string, after: string | undefined, limit: number): Promise<ListedItemPage> {
    const rows = this.#file.statement(LISTED).all({ id, after: Number(after ?? -1), limit: limit + 1 });
    const page = rows.slice(0, limit);
    const next = rows.length > limit ? { next: String(page.at(-1)?.ordinal) } : {};
    return { requests: page.map(listedOf), ...next };
  }

  write(action: Action, revision: number): Promise<boolean> {
    const { id, state, appliedAt, canaryPassedAt } = action;
    const row = {
      id,
      action: JSON.stringify(action),
      revision,
      dueAt: state === 'running' ? (canaryPassedAt ?? appliedAt ?? 0) : null,
      ...this.#timesOf(action),
    };
    const write = () => this.#file.statement(WRITE).run(row).changes === 1;
    return this.#file.write(write, 'on disk', ACTIONS);
  }

  /** When the next step that this process can do is due, in milliseconds since 1970; undefined if there is none. */
  nextDueAt(): number | undefined {
    const able = { rehearses: this.#rehearses };
    return hasActions(this.#file) ? numberOf(this.#file.statement(NEXT_DUE).get(able)?.at) : undefined;
  }

  async takeDue(now: number, leasedUntil: number): Promise<StoredAction | undefined> {
    const next = this.nextDueAt();
    if (next === undefined || next > now) return undefined;
    const able = { rehearses: this.#rehearses };
    const take = () =>
      this.#file
        .statement(TAKE_DUE)
        .all({ now, leasedUntil, ...able })
        .at(0);
    const row = await this.#file.write(take, 'committed');
    return row && storedOf(row);
  }

  async setDue(id: string, at: number): Promise<void> {
    await this.#file.write(() => this.#file.statement(SET_DUE).run({ id, at }), 'committed');
  }

  async pending(id: string, before: number, limit: number): Promise<readonly ActionItem[]> {
    return this.#file.statement(PENDING).all({ id, before, limit }).map(itemOf);
  }

  async watched(id: string, size: number, limit: number): Promise<readonly ActionItem[]> {
    return this.#file.statement(WATCHED).all({ id, size, limit }).map(itemOf);
  }

  async noteEnds(id: string, ends: readonly CanaryEnd[]): Promise<void> {
    await this.#file.write(() => {
      for (const end of ends) this.#file.statement(NOTE_END).run({ id, ...end });
    }, 'committed');
  }

  async countCanary(id: string, size: number): Promise<CanaryCounts> {
    const row = this.#file.statement(COUNT_CANARY).get({ id, size });
    return { watched: Number(row?.watched), ended: Number(row?.ended), failed: Number(row?.failed) };
  }

  /**
   * Settles a request of an action, within a transaction that also makes its change.
   * @returns whether it wasn't settled before: only then may the change be made
   */
  settle({ id }: Action, { ordinal }: ActionItem, { result, detail, retriedAs }: ItemSettlement): boolean {
    const row = { id, ordinal, result, detail: detail ?? null, retriedAs: retriedAs ?? null };
    if (this.#file.statement(SETTLE).run(row).changes !== 1) return false;
    this.#file.statement(COUNT[result]).run({ id });
    return true;
  }

  /** Settles a request anew, if it is settled as `before`. */
  resettle(
    { id }: Action,
    { ordinal }: ActionItem,
    before: ItemSettlement,
    settlement: ItemSettlement,
  ): void {
    const { result, detail = null } = settlement;
    const was = { before: before.result, beforeDetail: before.detail ?? null };
    if (this.#file.statement(RESETTLE).run({ id, ordinal, result, detail, ...was }).changes !== 1) return;
    this.#file.statement(UNCOUNT[before.result]).run({ id });
    this.#file.statement(COUNT[result]).run({ id });
  }

  /** Until when an action and what it lists are kept. A plan that was never applied needs its list no longer. */
  #timesOf({ state, appliedAt, endedAt, expiresAt }: Action) {
    if (state === 'running') return { itemsUntil: null, keptUntil: null };
    const keptUntil = wholeSecond((endedAt ?? expiresAt) + this.#ageMilliseconds);
    return { itemsUntil: appliedAt === undefined ? wholeSecond(endedAt ?? expiresAt) : keptUntil, keptUntil };
  }
}

function storedOf(row: Row): StoredAction {
  const [done = 0, skipped = 0, failed = 0] = ITEM_RESULTS.map((name) => Number(row[name]));
  return {
    action: JSON.parse(String(row.action)),
    progress: { done, skipped, failed },
    revision: Number(row.revision),
  };
}

function itemRow(target: ActionTarget, action: number, ordinal: number) {
  const { id, source, tenant, status, letter, redrives } = target;
  return {
    action,
    ordinal,
    id,
    source,
    tenant: tenant ?? null,
    status,
    letter: letter ?? null,
    redrives: redrives ?? null,
  };
}

function listedOf(row: Row): ListedItem {
  const { id, source, tenant, retriedAs } = itemOf(row);
  const status = REQUEST_STATUSES.find((known) => known === row.status) ?? 'failed';
  const result = ITEM_RESULTS.find((known) => known === row.result);
  return { id, source, tenant, status, result, detail: textOf(row.detail), retriedAs };
}

function itemOf(row: Row): ActionItem {
  return {
    ordinal: Number(row.ordinal),
    id: String(row.id),
    source: String(row.source),
    tenant: textOf(row.tenant),
    letter: textOf(row.letter),
    redrives: numberOf(row.redrives),
    retriedAs: textOf(row.retried_as),
  };
}
