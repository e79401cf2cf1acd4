import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { backoffBound } from '../core/base/backoff.ts';
import { DAY_MILLISECONDS } from '../core/base/time.ts';
import { DYNAMODB_MAX_BATCH_READS } from '../core/config/aws-limits.ts';
import {
  ACTION_KEY_PREFIX,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
  RECORD_TTL,
} from '../core/config/record-table.ts';
import {
  type Action,
  type ActionItem,
  type ActionTarget,
  ITEM_RESULTS,
  type ItemSettlement,
  type ListedItem,
  type ListedRequest,
} from '../core/model/action.ts';
import type {
  ActionPage,
  ActionStore,
  CanaryCounts,
  CanaryEnd,
  ListedItemPage,
  StoredAction,
} from '../core/ports/action-store.ts';
import type { EndStatus } from '../core/ports/action-targets.ts';
import type { Random } from '../core/ports/clock.ts';
import { newestEntries } from './newest-entries.ts';
import { readItems } from './read-items.ts';
import type { Item } from './record-item.ts';
import { type ItemUpdate, inputOf, updateItem } from './update-item.ts';

/** The ports of a {@link DynamoDbActionStore}. */
export interface ActionStorePorts {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly random: Random;
}

/** A request of an action, with its result. */
export interface StoredActionItem extends ActionItem, Partial<ItemSettlement>, Pick<ListedRequest, 'status'> {
  /** How it ended, if it is of a canary. */
  readonly end?: EndStatus;
}

/** The result for a request of an action. */
export interface SettledItem {
  readonly ordinal: number;
  readonly settlement: ItemSettlement;
}

/** Requests in an item of the table: with the longest ids and tenants, 100 take a quarter of its room. */
const PAGE_SIZE = 100;

/** Pages that are read at a time: each has two items, one that never changes and one with the results. */
const PAGES_TOGETHER = DYNAMODB_MAX_BATCH_READS / 2;

/** Pages that are written at a time. */
const WRITES_TOGETHER = 8;

/** Most tries at a transaction that others get in the way of. */
const MAX_TRIES = 8;

/** Upper bound of the wait before the second try; it doubles before each further one. */
const RETRY_BASE_MILLISECONDS = 20;

/** The list of all actions in the index of the table. */
const ACTIONS_LIST = 'actions';

/**
 * Actions in the table of request records: an item for each action with its progress, and two for each hundred requests
 * that it lists. The index of the table lists them by their ids, which sort by time.
 */
export class DynamoDbActionStore implements ActionStore {
  readonly #ports: ActionStorePorts;
  readonly #ageMilliseconds: number;

  /** @param ageDays how long an action is kept after its end */
  constructor(ports: ActionStorePorts, ageDays: number) {
    this.#ports = ports;
    this.#ageMilliseconds = ageDays * DAY_MILLISECONDS;
  }

  async create(action: Action, targets: readonly ActionTarget[]): Promise<StoredAction> {
    const keptUntil = action.expiresAt + this.#ageMilliseconds;
    const pages = Math.ceil(targets.length / PAGE_SIZE);
    for (let first = 0; first < pages; first += WRITES_TOGETHER) {
      const numbers = pageNumbers(first, Math.min(pages, first + WRITES_TOGETHER));
      await Promise.all(
        numbers.map((page) =>
          this.#put({
            [RECORD_KEY]: { S: pageKey(action.id, page) },
            targets: { S: JSON.stringify(targets.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)) },
            ...ttlAt(keptUntil),
          }),
        ),
      );
    }
    await this.#put({
      [RECORD_KEY]: { S: actionKey(action.id) },
      [RECORD_LIST]: { S: ACTIONS_LIST },
      [RECORD_POSITION]: { S: action.id },
      action: { S: JSON.stringify(action) },
      revision: { N: '1' },
      ...ttlAt(keptUntil),
    });
    return { action, progress: { done: 0, skipped: 0, failed: 0 }, revision: 1 };
  }

  async find(id: string): Promise<StoredAction | undefined> {
    const [item] = await readItems({ ...this.#ports, consistent: true }, new Set([actionKey(id)]));
    return item && storedOf(item);
  }

  async list(after: string | undefined, limit: number): Promise<ActionPage> {
    const most = Math.min(limit, DYNAMODB_MAX_BATCH_READS);
    // One more than fits on the page shows whether there is a next page.
    const entries = await newestEntries(this.#ports, { list: ACTIONS_LIST, after, count: most + 1 });
    const ids = entries.map((entry) => entry[RECORD_POSITION]?.S ?? '');
    const page = ids.slice(0, most);
    const items = await readItems({ ...this.#ports, consistent: true }, new Set(page.map(actionKey)));
    const byId = new Map(items.map(storedOf).map((stored) => [stored.action.id, stored]));
    const actions = page.flatMap((id) => byId.get(id) ?? []);
    return ids.length > most ? { actions, next: page.at(-1) } : { actions };
  }

  async listed(id: string, after: string | undefined, limit: number): Promise<ListedItemPage> {
    const first = Number(after ?? -1) + 1;
    const found: StoredActionItem[] = [];
    for await (const page of this.items(id, first)) {
      found.push(...page);
      if (found.length > limit) break;
    }
    const requests = found.slice(0, limit);
    const next = found.length > limit ? { next: String(requests.at(-1)?.ordinal) } : {};
    return { requests: requests.map(listedOf), ...next };
  }

  async write(action: Action, revision: number): Promise<boolean> {
    const { id, state, appliedAt, endedAt, expiresAt } = action;
    const keptUntil = (endedAt ?? expiresAt) + this.#ageMilliseconds;
    const isRunning = state === 'running';
    const writeId = crypto.randomUUID();
    const { updated, item } = await this.#update(id, {
      update: `SET #action = :action, #revision = :revision, #writeId = :writeId, #ttl = :ttl${
        isRunning ? ', #dueAt = if_not_exists(#dueAt, :dueAt)' : ' REMOVE #dueAt'
      }`,
      condition: '#revision = :before',
      names: ['action', 'revision', 'writeId', 'dueAt'],
      placeholders: { '#ttl': RECORD_TTL },
      values: {
        ':action': { S: JSON.stringify(action) },
        ':revision': numeric(revision),
        ':before': numeric(revision - 1),
        ':writeId': { S: writeId },
        ':ttl': secondsOf(keptUntil),
        ...(isRunning && { ':dueAt': numeric(appliedAt ?? 0) }),
      },
    });
    // The SDK retries a call whose response was lost: then the existing item is from this write.
    return updated || item?.writeId?.S === writeId;
  }

  /** Only the action with the id. */
  async takeDue(now: number, leasedUntil: number, id = ''): Promise<StoredAction | undefined> {
    const leaseId = crypto.randomUUID();
    const { updated, item } = await this.#update(id, {
      update: 'SET #dueAt = :leasedUntil, #leaseId = :leaseId',
      condition: '#dueAt <= :now',
      names: ['dueAt', 'leaseId'],
      values: { ':now': numeric(now), ':leasedUntil': numeric(leasedUntil), ':leaseId': { S: leaseId } },
    });
    return item && (updated || item.leaseId?.S === leaseId) ? storedOf(item) : undefined;
  }

  async setDue(id: string, at: number): Promise<void> {
    await this.#update(id, {
      update: 'SET #dueAt = :at',
      condition: 'attribute_exists(#dueAt)',
      names: ['dueAt'],
      values: { ':at': numeric(at) },
    });
  }

  async pending(id: string, before: number, limit: number): Promise<readonly ActionItem[]> {
    const found: StoredActionItem[] = [];
    for await (const page of this.items(id, 0, before)) {
      found.push(...page.filter(({ result }) => result === undefined));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  async watched(id: string, size: number, limit: number): Promise<readonly ActionItem[]> {
    const canary = await this.#handledAgain(id, size);
    return canary.filter(({ end }) => end === undefined).slice(0, limit);
  }

  async noteEnds(id: string, ends: readonly CanaryEnd[]): Promise<void> {
    const pages = Map.groupBy(ends, ({ ordinal }) => pageOf(ordinal));
    for (const [page, noted] of pages) {
      await updateItem(this.#ports, settledKey(id, page), {
        update: `SET ${noted.map((_, index) => `#e${index} = :e${index}`).join(', ')}`,
        condition: 'attribute_exists(#key)',
        names: [],
        placeholders: {
          '#key': RECORD_KEY,
          ...Object.fromEntries(noted.map(({ ordinal }, index) => [`#e${index}`, endName(ordinal)])),
        },
        values: Object.fromEntries(noted.map(({ status }, index) => [`:e${index}`, { S: status }])),
      });
    }
  }

  async countCanary(id: string, size: number): Promise<CanaryCounts> {
    const canary = await this.#handledAgain(id, size);
    const ends = canary.flatMap(({ end }) => end ?? []);
    const failed = ends.filter((end) => end === 'failed' || end === 'expired').length;
    return { watched: canary.length, ended: ends.length, failed };
  }

  /**
   * Settles requests of one page or of several, and counts them, in one transaction. At most 100 pages.
   * @returns those that weren't settled before
   */
  async settle(action: Action, settled: readonly SettledItem[]): Promise<readonly SettledItem[]> {
    let left = settled;
    for (let tries = 1; left.length > 0; tries++) {
      try {
        await this.#ports.client.send(
          new TransactWriteItemsCommand({ TransactItems: this.#settling(action, left) }),
        );
        return left;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException) || tries === MAX_TRIES) throw error;
        const codes = new Set(error.CancellationReasons?.map(({ Code }) => Code));
        if (codes.has('ConditionalCheckFailed')) left = await this.#unsettled(action.id, left);
        else await sleep(this.#ports.random() * backoffBound(tries, RETRY_BASE_MILLISECONDS));
      }
    }
    return left;
  }

  /** The requests of an action, in their order, a few pages at a time. @param before only those whose place in the plan is less */
  async *items(
    id: string,
    first: number,
    before = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<StoredActionItem[], void> {
    const end = Math.min(before, (await this.find(id))?.action.count ?? 0);
    const lastPage = Math.ceil(end / PAGE_SIZE);
    for (let from = pageOf(first); from < lastPage; from += PAGES_TOGETHER) {
      const pages = pageNumbers(from, Math.min(lastPage, from + PAGES_TOGETHER));
      const keys = pages.flatMap((page) => [pageKey(id, page), settledKey(id, page)]);
      const read = await readItems({ ...this.#ports, consistent: true }, new Set(keys));
      const byKey = new Map(read.map((item) => [item[RECORD_KEY]?.S, item]));
      const items = pages.flatMap((page) =>
        itemsOf(page, byKey.get(pageKey(id, page)), byKey.get(settledKey(id, page))),
      );
      yield items.filter(({ ordinal }) => ordinal >= first && ordinal < end);
    }
  }

  async #handledAgain(id: string, size: number): Promise<StoredActionItem[]> {
    const found: StoredActionItem[] = [];
    for await (const page of this.items(id, 0, size)) found.push(...page);
    return found.filter(({ result }) => result === 'done');
  }

  async #unsettled(id: string, settled: readonly SettledItem[]): Promise<readonly SettledItem[]> {
    const keys = new Set(settled.map(({ ordinal }) => settledKey(id, pageOf(ordinal))));
    const read = await readItems({ ...this.#ports, consistent: true }, keys);
    const names = new Set(read.flatMap((item) => Object.keys(item)));
    return settled.filter(({ ordinal }) => !names.has(settledName(ordinal)));
  }

  #settling({ id, expiresAt }: Action, settled: readonly SettledItem[]): TransactWriteItem[] {
    const pages = [...Map.groupBy(settled, ({ ordinal }) => pageOf(ordinal))];
    const counted = ITEM_RESULTS.map((result) => ({
      result,
      count: settled.filter(({ settlement }) => settlement.result === result).length,
    })).filter(({ count }) => count > 0);
    const counting = inputOf(this.#ports.table, actionKey(id), {
      update: `ADD ${counted.map(({ result }) => `#${result} :${result}`).join(', ')}`,
      condition: 'attribute_exists(#revision)',
      names: [...counted.map(({ result }) => result), 'revision'],
      values: Object.fromEntries(counted.map(({ result, count }) => [`:${result}`, numeric(count)])),
    });
    const settling = pages.map(([page, items]) => ({
      Update: inputOf(this.#ports.table, settledKey(id, page), {
        update: `SET #ttl = :ttl, ${items.map((_, index) => `#s${index} = :s${index}`).join(', ')}`,
        condition: items.map((_, index) => `attribute_not_exists(#s${index})`).join(' AND '),
        names: [],
        placeholders: {
          '#ttl': RECORD_TTL,
          ...Object.fromEntries(items.map(({ ordinal }, index) => [`#s${index}`, settledName(ordinal)])),
        },
        values: {
          ':ttl': secondsOf(expiresAt + this.#ageMilliseconds),
          ...Object.fromEntries(
            items.map(({ settlement }, index) => [`:s${index}`, { S: JSON.stringify(settlement) }]),
          ),
        },
      }),
    }));
    return [{ Update: counting }, ...settling];
  }

  async #put(item: Item): Promise<void> {
    await this.#ports.client.send(new PutItemCommand({ TableName: this.#ports.table, Item: item }));
  }

  #update(id: string, update: ItemUpdate) {
    return updateItem(this.#ports, actionKey(id), update);
  }
}

function actionKey(id: string): string {
  return `${ACTION_KEY_PREFIX}${id}`;
}

/** The key of the requests of a page. */
function pageKey(id: string, page: number): string {
  return `${ACTION_KEY_PREFIX}${id}#${page}`;
}

/** The key of the results for the requests of a page. */
function settledKey(id: string, page: number): string {
  return `${pageKey(id, page)}#settled`;
}

function pageOf(ordinal: number): number {
  return Math.floor(ordinal / PAGE_SIZE);
}

function pageNumbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function settledName(ordinal: number): string {
  return `s${ordinal}`;
}

function endName(ordinal: number): string {
  return `e${ordinal}`;
}

function numeric(value: number) {
  return { N: String(value) };
}

function secondsOf(time: number) {
  return numeric(Math.ceil(time / 1000));
}

function ttlAt(time: number): Item {
  return { [RECORD_TTL]: secondsOf(time) };
}

function storedOf({ action, revision, ...item }: Item): StoredAction {
  const [done = 0, skipped = 0, failed = 0] = ITEM_RESULTS.map((name) => Number(item[name]?.N ?? 0));
  return {
    action: JSON.parse(action?.S ?? ''),
    progress: { done, skipped, failed },
    revision: Number(revision?.N),
  };
}

function itemsOf(page: number, listed: Item | undefined, settled: Item = {}): StoredActionItem[] {
  const targets: ActionTarget[] = JSON.parse(listed?.targets?.S ?? '[]');
  return targets.map((target, index) => {
    const ordinal = page * PAGE_SIZE + index;
    const settlement: Partial<ItemSettlement> = JSON.parse(settled[settledName(ordinal)]?.S ?? '{}');
    const end = settled[endName(ordinal)]?.S as EndStatus | undefined;
    return { ...target, ordinal, ...settlement, ...(end !== undefined && { end }) };
  });
}

function listedOf({ id, source, tenant, status, result, detail, retriedAs }: StoredActionItem): ListedItem {
  return { id, source, tenant, status, result, detail, retriedAs };
}
