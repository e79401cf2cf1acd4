import type { ReceivedOutcome } from '../consumer/outcome.ts';
import type { ResultObjects } from '../consumer/outcome-result.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { assertIterable, assertText, checkOptions, NUMBER, required, TEXT } from '../core/config/shape.ts';
import type { Batches, BatchViewPage, ItemResult, NewBatch, NewBatchItem } from '../core/intake/batches.ts';
import { SUBMIT_OPTIONS } from '../core/intake/request-reader.ts';
import type { SubmitRequest } from '../core/intake/submissions.ts';
import type { SubmitOptions } from '../core/intake/submit-options.ts';
import type { BatchView } from '../core/model/batch-view.ts';
import { type RequestStatus, statusOf } from '../core/model/request-record.ts';
import type { Clock } from '../core/ports/clock.ts';
import { receivedOutcomeOf } from './outcomes.ts';

/** Whose batch it is. */
export interface BatchOwner {
  /** As it was created with. */
  readonly tenant?: string;
}

/** A batch to create, and what its items have unless they say otherwise. */
export interface BatchOptions
  extends BatchOwner,
    Pick<SubmitOptions, 'topic' | 'metadata' | 'notBefore' | 'expiresAt'> {
  /** Receives the webhook of the batch's end, if the service sends any. @default - the default URL of webhooks */
  readonly callbackUrl?: string;
  /** Creating a batch again with the same key returns the first one, as long as that is kept. */
  readonly idempotencyKey?: string;
}

/** An item of a batch: a request. */
export interface ServiceBatchItem
  extends Pick<
    SubmitOptions,
    | 'contentType'
    | 'contentEncoding'
    | 'contentLanguage'
    | 'metadata'
    | 'notBefore'
    | 'expiresAt'
    | 'minVersion'
    | 'topic'
    | 'priority'
  > {
  /** Unique in the batch, 1 to 255 characters. Adding the same item again under its key changes nothing. */
  readonly key: string;
  /** Text, bytes, or a value for JSON. */
  readonly payload: unknown;
  /** As for `submit`. */
  readonly orderingKey?: string;
}

/** An item that isn't in the batch. */
export interface RefusedItem {
  /** Its place among the items of the call, from 0. */
  readonly index: number;
  readonly key: string;
  /** A stable code for programs. */
  readonly code: string;
  readonly message: string;
}

/** The results of the items of a call. */
export interface AddedItems {
  /** Items that are new. */
  readonly added: number;
  /** Items that were there before. */
  readonly repeated: number;
  /** The other items were added. */
  readonly refused: readonly RefusedItem[];
}

/** An item, and how far its request is. */
export interface BatchResult {
  readonly key: string;
  readonly requestId: string;
  readonly status: RequestStatus;
  /** How it ended; absent until then. */
  readonly outcome?: ReceivedOutcome;
}

/** Which batches to list. */
export interface BatchListOptions extends BatchOwner {
  /** `next` of the page before. @default - begins with the newest */
  readonly after?: string;
  /** @default 20 */
  readonly limit?: number;
}

/** What {@link ServiceBatches} needs of its service. */
export interface ServiceBatchesParts {
  readonly batches: Batches;
  /** Checks a batch. @throws CoatcheckError */
  readonly batchOf: (options: BatchOptions) => NewBatch;
  /** Checks what a program submits. @throws CoatcheckError; TypeError for a payload that JSON doesn't know */
  readonly requestOf: (payload: unknown, options: SubmitOptions) => SubmitRequest;
  readonly assertOpen: () => void;
  readonly objects: ResultObjects;
  readonly serviceName: string;
  readonly clock: Clock;
}

const ITEM = { ...SUBMIT_OPTIONS, key: required(TEXT) };

const DEFAULT_PAGE = 20;

/** Items that are added in one step. */
const ADD_TOGETHER = 1_000;

/** The batches of a service: up to 1,000,000 requests under one ticket. */
export class ServiceBatches {
  readonly #parts: ServiceBatchesParts;

  constructor(parts: ServiceBatchesParts) {
    this.#parts = parts;
  }

  /**
   * Creates a batch, which is open: items can be added, and run at once.
   * @throws RequestRefused for a tenant, a topic, a time or an idempotency key, and CallbackRefused for a callback URL, that can't be used;
   *   IdempotencyKeyTaken
   */
  async create(options: BatchOptions = {}): Promise<BatchView> {
    const { batches, batchOf } = this.#opened;
    return batches.create(batchOf(checkOptions('batches.create()', options, SUBMIT_OPTIONS)));
  }

  /**
   * Adds items. When this resolves, those that aren't refused are on the disk. An item that is there already is not added again, so
   * that a call can be repeated.
   * @throws BatchNotFound; RequestRefused with the code `batch_closed` if the batch takes no items; TypeError for a key or a payload of
   *   another type, which names the item: some of those before it may be added
   */
  async add(
    id: string,
    items: Iterable<ServiceBatchItem> | AsyncIterable<ServiceBatchItem>,
    options: BatchOwner = {},
  ): Promise<AddedItems> {
    const { batches } = this.#opened;
    const tenant = ownerOf('add', id, options);
    assertIterable('batches.add()', 'items', items);
    const { topic } = await batches.open(id, tenant);
    const tally = { added: 0, repeated: 0, refused: [] as RefusedItem[] };
    let index = 0;
    const addAll = async (part: readonly ServiceBatchItem[]) => {
      const read = part.map((item, offset) => this.#read(item, index + offset, { topic, tenant }));
      const valid = read.filter((item): item is NewBatchItem => 'request' in item);
      const results = (await batches.add(id, tenant, valid)).values();
      for (const [offset, item] of read.entries()) {
        const result = item instanceof CoatcheckError ? item : results.next().value;
        note(tally, result, index + offset, part[offset]?.key ?? '');
      }
      index += part.length;
    };
    let part: ServiceBatchItem[] = [];
    for await (const item of items) {
      part.push(item);
      if (part.length < ADD_TOGETHER) continue;
      await addAll(part);
      part = [];
    }
    await addAll(part);
    return tally;
  }

  /** Seals a batch: it takes no more items, and ends when all of them have ended. @throws BatchNotFound */
  async seal(id: string, options: BatchOwner = {}): Promise<BatchView> {
    return this.#opened.batches.seal(id, ownerOf('seal', id, options));
  }

  /** A batch as it stands. @throws BatchNotFound */
  async get(id: string, options: BatchOwner = {}): Promise<BatchView> {
    return this.#opened.batches.get(id, ownerOf('get', id, options));
  }

  /** A page of batches, newest first. @throws RangeError for a limit below 1 */
  async list(options: BatchListOptions = {}): Promise<BatchViewPage> {
    const shapes = { tenant: TEXT, after: TEXT, limit: NUMBER };
    const { tenant, after, limit = DEFAULT_PAGE } = checkOptions('batches.list()', options, shapes);
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new RangeError(`limit must be a whole number of at least 1, got ${limit}`);
    return this.#opened.batches.list({ tenant, after, limit });
  }

  /**
   * Cancels a batch. Items that haven't started end as cancelled; those that run end when their handlers have stopped. A batch that has
   * ended stays as it is.
   * @throws BatchNotFound
   */
  async cancel(id: string, options: BatchOwner = {}): Promise<BatchView> {
    return this.#opened.batches.cancel(id, ownerOf('cancel', id, options));
  }

  /**
   * The items in the order in which they were added, each once, with their outcomes as far as they have ended. They are read from the
   * file as the caller goes on.
   * @throws BatchNotFound
   */
  async *results(id: string, options: BatchOwner = {}): AsyncGenerator<BatchResult, void> {
    const { batches, clock, objects, serviceName } = this.#opened;
    const tenant = ownerOf('results', id, options);
    for await (const { key, record } of await batches.items(id, tenant)) {
      const { outcome, request } = record;
      yield {
        key,
        requestId: request.id,
        status: statusOf(record, clock.now()),
        ...(outcome && { outcome: receivedOutcomeOf(outcome, serviceName, objects) }),
      };
    }
  }

  get #opened(): ServiceBatchesParts {
    this.#parts.assertOpen();
    return this.#parts;
  }

  #read(
    item: ServiceBatchItem,
    index: number,
    { topic: batchTopic, tenant }: Pick<BatchOptions, 'topic' | 'tenant'>,
  ): NewBatchItem | CoatcheckError {
    try {
      const { key, payload, topic = batchTopic, ...options } = checkOptions('batches.add()', item, ITEM);
      return { key, request: this.#parts.requestOf(payload, { ...options, topic, tenant }) };
    } catch (error) {
      if (error instanceof CoatcheckError) return error;
      throw new TypeError(`The item at index ${index} can't be added: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** The tenant in the options of a call about a batch. @throws TypeError */
function ownerOf(method: string, id: string, options: BatchOwner): string | undefined {
  const call = `batches.${method}()`;
  assertText(call, 'id', id);
  return checkOptions(call, options, { tenant: TEXT }).tenant;
}

function note(
  tally: { added: number; repeated: number; readonly refused: RefusedItem[] },
  result: ItemResult | undefined,
  index: number,
  key: string,
): void {
  if (result === 'added') tally.added++;
  else if (result === 'repeated') tally.repeated++;
  else if (result) tally.refused.push({ index, key, code: result.code, message: result.message });
}
