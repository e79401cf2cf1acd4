import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { RECORD_KEY, RECORD_TTL, SERVICE_PAUSE_KEY } from '../core/config/record-table.ts';
import { latestPause } from '../core/ports/latest-pause.ts';
import type { LoadLog, NotedPause, RecentWork, WorkDone } from '../core/ports/telemetry.ts';
import { operatorPauseOf } from './dynamodb-operator-pauses.ts';

/** Work is summed per window of this length. An item holds six windows. */
const WINDOW_MILLISECONDS = 10_000;
const WINDOWS_PER_ITEM = 6;

/** Recent work is the work of the current window and of this many windows before it. */
const WHOLE_WINDOWS = 6;

/** The table's TTL deletes an item after this time. Only the latest two are ever read. */
const KEPT_SECONDS = 3_600;

/** What is summed. */
const SUMS = [
  'completed',
  'handled',
  'milliseconds',
  'releases',
  'squares',
] as const satisfies readonly (keyof WorkDone)[];

type Item = Record<string, AttributeValue>;

/**
 * A load log in the table of request records, with one item a minute. All instances add to the same item: DynamoDB
 * accepts 1,000 writes a second to one item.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export class DynamoDbLoadLog implements LoadLog {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #name: string;

  /** @param name tells the processors of a table apart; empty for one that has it for itself */
  constructor(client: DynamoDBClient, table: string, name = '') {
    this.#client = client;
    this.#table = table;
    this.#name = name;
  }

  async add(at: number, work: WorkDone): Promise<void> {
    const window = windowAt(at);
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: this.#keyOf(window),
        UpdateExpression: `SET #ttl = :ttl ADD ${SUMS.map((name) => `#${name} :${name}`).join(', ')}`,
        ExpressionAttributeNames: {
          '#ttl': RECORD_TTL,
          ...Object.fromEntries(SUMS.map((name) => [`#${name}`, attribute(name, window)])),
        },
        ExpressionAttributeValues: {
          ':ttl': { N: String(Math.floor(at / 1_000) + KEPT_SECONDS) },
          ...Object.fromEntries(SUMS.map((name) => [`:${name}`, { N: String(work[name]) }])),
        },
      }),
    );
  }

  async notePause({ until, reason }: NotedPause): Promise<void> {
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: keyOf(this.#pauseKey),
        // The item may have a pause of an operator, too, so it is kept.
        UpdateExpression: 'SET #until = :until, #reason = :reason REMOVE #ttl',
        ExpressionAttributeNames: { '#ttl': RECORD_TTL, '#until': 'until', '#reason': 'reason' },
        ExpressionAttributeValues: {
          ':until': { N: String(until) },
          ':reason': { S: reason },
        },
      }),
    );
  }

  /** @throws Error if DynamoDB doesn't return all items, for example because it throttles */
  async recent(now: number): Promise<RecentWork> {
    const current = windowAt(now);
    const windows = Array.from({ length: WHOLE_WINDOWS + 1 }, (_, back) => current - back);
    const items = await this.#itemsOf([current, current - WINDOWS_PER_ITEM]);
    const pause = latestPause(
      notedPauseOf(items.get(this.#pauseKey)),
      operatorPauseOf(items.get(SERVICE_PAUSE_KEY)),
    );
    const sum = (name: keyof WorkDone) =>
      windows.reduce((total, window) => total + this.#numberOf(items, window, name), 0);
    return {
      completed: sum('completed'),
      handled: sum('handled'),
      milliseconds: sum('milliseconds'),
      releases: sum('releases'),
      squares: sum('squares'),
      seconds: (now - (current - WHOLE_WINDOWS) * WINDOW_MILLISECONDS) / 1_000,
      windows: windows.map((window) => ({
        handled: this.#numberOf(items, window, 'handled'),
        milliseconds: this.#numberOf(items, window, 'milliseconds'),
      })),
      ...(pause && { pause }),
    };
  }

  /** The items by key; an item that was never written is missing. */
  async #itemsOf(windows: readonly number[]): Promise<ReadonlyMap<string, Item>> {
    const { Responses = {}, UnprocessedKeys = {} } = await this.#client.send(
      new BatchGetItemCommand({
        RequestItems: {
          [this.#table]: {
            Keys: [
              ...windows.map((window) => this.#keyOf(window)),
              ...[...new Set([this.#pauseKey, SERVICE_PAUSE_KEY])].map(keyOf),
            ],
          },
        },
      }),
    );
    if (Object.keys(UnprocessedKeys).length > 0) throw new Error('DynamoDB did not read all items');
    return new Map((Responses[this.#table] ?? []).map((item) => [item[RECORD_KEY]?.S ?? '', item]));
  }

  #numberOf(items: ReadonlyMap<string, Item>, window: number, name: keyof WorkDone): number {
    return Number(items.get(this.#keyTextOf(window))?.[attribute(name, window)]?.N ?? 0);
  }

  #keyOf(window: number): Item {
    return keyOf(this.#keyTextOf(window));
  }

  get #pauseKey(): string {
    return `${this.#prefix}pause`;
  }

  get #prefix(): string {
    return this.#name === '' ? 'load#' : `load#${this.#name}#`;
  }

  #keyTextOf(window: number): string {
    return `${this.#prefix}${Math.floor(window / WINDOWS_PER_ITEM)}`;
  }
}

function keyOf(text: string): Item {
  return { [RECORD_KEY]: { S: text } };
}

function notedPauseOf(item: Item | undefined): NotedPause | undefined {
  return item?.until && { until: Number(item.until.N), reason: item.reason?.S ?? '' };
}

function windowAt(at: number): number {
  return Math.floor(at / WINDOW_MILLISECONDS);
}

function attribute(name: keyof WorkDone, window: number): string {
  return `${name}${window % WINDOWS_PER_ITEM}`;
}
