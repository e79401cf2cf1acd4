import { isObject } from '../core/base/json-object.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { textLines } from '../core/base/text-lines.ts';
import { assertText, checkOptions } from '../core/config/shape.ts';
import { batchLineSizeProblem, NDJSON_TYPE } from '../core/model/batch-lines.ts';
import { batchPath } from '../core/model/request-links.ts';
import { hasMembers, readJson, receiptIn } from './answers.ts';
import type { Api } from './api.ts';
import { type Batch, type BatchResultLine, hasBatchEnded } from './batch.ts';
import { connect } from './connection.ts';
import type { ApiProblem } from './errors.ts';
import { AnswerInvalid, BatchWaitTimedOut } from './errors.ts';
import { allOf } from './list.ts';
import { fromStore } from './open-content.ts';
import { ADD, CALL, PAGE, SUBMISSION, WATCH } from './option-shapes.ts';
import { assertSubmittable, type SubmissionOptions, toRfc3339 } from './submission.ts';
import { membersOf, type PayloadForm } from './submit-batch.ts';
import { uploadForm } from './upload/form.ts';
import type { FormUpload } from './upload/ticket.ts';
import type { Query } from './url.ts';
import type { CallOptions } from './webhook-endpoints.ts';

/** A batch to create, and what its items have unless they say otherwise. */
export interface NewBatch
  extends Pick<SubmissionOptions, 'topic' | 'metadata' | 'notBefore' | 'expiresAt' | 'callbackUrl'> {
  /** A batch that is created again with the same key is the same one. @default - a new key, for the retries of the call */
  readonly idempotencyKey?: string;
}

/** An item of a batch. */
export type BatchItem = PayloadForm &
  Pick<
    SubmissionOptions,
    | 'contentType'
    | 'contentEncoding'
    | 'contentLanguage'
    | 'notBefore'
    | 'expiresAt'
    | 'minVersion'
    | 'orderingKey'
    | 'topic'
    | 'priority'
    | 'metadata'
  > & {
    /** Unique in the batch, 1 to 255 characters. Adding the same item again under its key changes nothing. */
    readonly key: string;
  };

/** An item that isn't in the batch. To the API, each item is a line: a `RefusedItem` of `coatcheck/embedded` has no line. */
export interface RefusedLine {
  /** Its place among the items of the call, from 1: the number of the line if they are the lines of a file. */
  readonly line: number;
  readonly key?: string;
  readonly problem: ApiProblem;
}

/**
 * The signed receipt of lines that became items by one call of the API: see docs/ledger.md. It is about their bytes, each with a line feed
 * behind it.
 */
export interface LinesReceipt {
  /** The place of the first one among the items, from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  readonly receipt: string;
}

/** The results of the items, as lines. */
export interface AddedLines {
  /** Items that are new. */
  readonly added: number;
  /** Items that were there before. */
  readonly repeated: number;
  /** The other items were added. */
  readonly refused: readonly RefusedLine[];
  /** One for each call of the API in which no line was refused; none if the service gives none. */
  readonly receipts: readonly LinesReceipt[];
}

/** Options of {@link BatchesClient.add}. */
export interface AddOptions extends CallOptions {
  /** Called after each call of the API. @param soFar the results of the items until then */
  readonly onProgress?: (soFar: AddedLines) => void;
}

/** Options of {@link BatchesClient.wait}. */
export interface BatchWaitOptions extends CallOptions {
  /** @default no limit */
  readonly timeoutMilliseconds?: number;
  /** Called with the batch at first, and whenever it has changed. */
  readonly onChange?: (batch: Batch) => void;
}

/** Options of {@link BatchesClient.list}. */
export interface BatchListOptions extends CallOptions {
  /** Most batches in a page, 1 to 100. @default 20 */
  readonly limit?: number;
}

/** Options of {@link BatchesClient.listPage}. */
export interface BatchPageOptions extends BatchListOptions {
  /** `next` of the previous page. @default the first page */
  readonly cursor?: string;
}

/** A page of batches. */
export interface BatchPage {
  readonly batches: readonly Batch[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

const PATH = '/v1/batches';

/** Bytes of a call with items: the API takes 6 MiB. A longer line is a call of its own. */
const CALL_BYTES = 2_097_152;

/** Lines of a call: the API of a deployed service has 30 seconds for it. */
const CALL_LINES = 2_000;

const POLL_MILLISECONDS = 1_000;

/** Manages the batches of a service: up to 1,000,000 requests under one ticket. */
export class BatchesClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Creates a batch, which is open. @throws ApiError; RangeError for invalid options */
  async create(batch: NewBatch = {}, options: CallOptions = {}): Promise<Batch> {
    const { signal } = checkOptions('batches.create()', options, CALL);
    const {
      idempotencyKey = crypto.randomUUID(),
      notBefore,
      expiresAt,
      ...given
    } = checkOptions('batches.create()', batch, SUBMISSION);
    assertSubmittable({ ...given, idempotencyKey, notBefore, expiresAt });
    const answer = await this.#api.json({
      method: 'POST',
      path: PATH,
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify({
        ...given,
        notBefore: toRfc3339(notBefore),
        expiresAt: toRfc3339(expiresAt),
      }),
      signal,
    });
    return readJson(answer, 'a batch', isBatch);
  }

  /**
   * Adds items, by as many calls as it takes. When this resolves, those that aren't refused are in the queue. If it rejects, add all
   * of them again: those that are in the batch aren't added twice.
   * @param items each an item, or its line of JSON
   * @throws ApiError with the code `batch_unknown`, or `batch_closed` if the batch takes no items; ConnectionFailed; RangeError for
   *   invalid options of an item, and TypeError for a payload that JSON doesn't know, which name it: some of those before it may be added
   */
  async add(
    id: string,
    items: Iterable<BatchItem | string> | AsyncIterable<BatchItem | string>,
    options: AddOptions = {},
  ): Promise<AddedLines> {
    const { signal, onProgress } = checkOptions('batches.add()', options, ADD);
    const tally = { added: 0, repeated: 0, refused: [] as RefusedLine[], receipts: [] as LinesReceipt[] };
    const call = new LinesCall();
    const send = async () => {
      if (call.isEmpty) return;
      const answer = await this.#api.json({
        method: 'POST',
        path: pathOf(id, '/items'),
        headers: { 'content-type': NDJSON_TYPE },
        body: call.body,
        signal,
      });
      const { added, repeated, refused } = readJson(answer, 'what became of the items', isAdded);
      tally.added += added;
      tally.repeated += repeated;
      for (const each of refused) tally.refused.push({ ...each, line: call.before + each.line });
      const { receipt } = receiptIn(answer);
      if (receipt !== undefined) {
        tally.receipts.push({ firstLine: call.before + 1, lastLine: call.last, receipt });
      }
      onProgress?.(tally);
      call.clear();
    };
    for await (const item of items) {
      const line = lineOf(item, call.last + 1);
      const size = new TextEncoder().encode(line).byteLength;
      const tooLarge = batchLineSizeProblem(size);
      // Its place is that of an empty line, which the API skips.
      const sent = tooLarge === undefined ? { line, size } : { line: '', size: 0 };
      if (!call.hasRoomFor(sent.size)) await send();
      call.push(sent.line, sent.size);
      if (tooLarge !== undefined) tally.refused.push({ line: call.last, problem: lineTooLarge(tooLarge) });
    }
    await send();
    return { ...tally, refused: tally.refused.toSorted((one, other) => one.line - other.line) };
  }

  /**
   * Adds the items of a manifest: a file with a line for each item. Only on AWS. When this resolves, the import has begun;
   * {@link waitForImport} waits for its end. A manifest can be imported again: items that are in the batch aren't added twice.
   * @param manifest an object in the service's bucket, `s3://BUCKET/KEY`, or up to 5 GiB to upload there, such as `openAsBlob(file)`
   * @throws ApiError with the code `manifest_invalid` for an object elsewhere, `manifest_missing`, `import_running` if the batch is
   *   importing another one, `batch_closed` or `batch_unknown`, and `manifest_unsupported` unless the service is on AWS; TransferRefused,
   *   PayloadUnreadable, ConnectionFailed
   */
  async addManifest(id: string, manifest: string | Blob, options: CallOptions = {}): Promise<Batch> {
    const { signal } = checkOptions('batches.addManifest()', options, CALL);
    const object = typeof manifest === 'string' ? manifest : await this.#upload(id, manifest, signal);
    return this.#call('POST', pathOf(id, '/import'), signal, { manifest: object });
  }

  /**
   * Waits until the import of a batch has ended, whether it is done or has failed.
   * @throws BatchWaitTimedOut; ApiError with the code `batch_unknown`
   */
  async waitForImport(id: string, options: BatchWaitOptions = {}): Promise<Batch> {
    return this.#wait(
      id,
      (batch) => batch.import?.state !== 'running',
      checkOptions('batches.waitForImport()', options, WATCH),
    );
  }

  /**
   * Seals a batch: it takes no more items, and ends when all of them have ended. While it imports a manifest, it is sealed after that,
   * unless the import fails.
   * @throws ApiError with the code `batch_unknown`
   */
  async seal(id: string, options: CallOptions = {}): Promise<Batch> {
    const { signal } = checkOptions('batches.seal()', options, CALL);
    return this.#call('POST', pathOf(id, '/seal'), signal);
  }

  /** Gets a batch. @throws ApiError with the code `batch_unknown` */
  async get(id: string, options: CallOptions = {}): Promise<Batch> {
    const { signal } = checkOptions('batches.get()', options, CALL);
    return this.#call('GET', pathOf(id), signal);
  }

  /**
   * Cancels a batch: items that haven't started end as cancelled, those that run when their handlers have stopped. A batch that has
   * ended stays as it is.
   * @throws ApiError with the code `batch_unknown`
   */
  async cancel(id: string, options: CallOptions = {}): Promise<Batch> {
    const { signal } = checkOptions('batches.cancel()', options, CALL);
    return this.#call('POST', pathOf(id, '/cancel'), signal);
  }

  /** Lists batches, newest first. Fetches pages on demand. */
  list(options: BatchListOptions = {}): AsyncGenerator<Batch, void> {
    const pageAt = (cursor: string | undefined) => this.listPage({ ...options, cursor });
    return allOf(pageAt, ({ batches }) => batches);
  }

  /** Gets one page of batches, newest first. */
  async listPage(options: BatchPageOptions = {}): Promise<BatchPage> {
    const { limit, cursor, signal } = checkOptions('batches.listPage()', options, PAGE);
    const answer = await this.#api.json({ method: 'GET', path: PATH, query: { limit, cursor }, signal });
    return readJson(answer, 'a page of batches', isPage);
  }

  /** Waits until a batch has ended. It must be sealed for that. @throws BatchWaitTimedOut; ApiError with the code `batch_unknown` */
  async wait(id: string, options: BatchWaitOptions = {}): Promise<Batch> {
    return this.#wait(id, hasBatchEnded, checkOptions('batches.wait()', options, WATCH));
  }

  async #wait(
    id: string,
    isOver: (batch: Batch) => boolean,
    { timeoutMilliseconds = Number.POSITIVE_INFINITY, onChange, signal }: BatchWaitOptions,
  ): Promise<Batch> {
    const { now, sleep } = this.#api.timing;
    const endsAt = now() + timeoutMilliseconds;
    let latest = '';
    for (;;) {
      const batch = await this.get(id, { signal });
      const text = JSON.stringify(batch);
      if (text !== latest) onChange?.(batch);
      latest = text;
      if (isOver(batch)) return batch;
      const left = endsAt - now();
      if (left <= 0) throw new BatchWaitTimedOut(id, timeoutMilliseconds, batch);
      await sleep(Math.min(left, POLL_MILLISECONDS), signal);
    }
  }

  /**
   * The items in the order in which they were added, each once, with their results as far as they have ended. Lines are read as the
   * caller goes on. A connection that breaks off isn't retried.
   * @throws ApiError with the code `batch_unknown`; ConnectionFailed if the connection breaks off
   */
  async *results(id: string, options: CallOptions = {}): AsyncGenerator<BatchResultLine, void> {
    const call = `GET ${pathOf(id, '/results')}`;
    for await (const line of this.resultLines(id, options)) {
      yield readJson({ call, text: line, headers: new Headers() }, 'a line for an item', isResultLine);
    }
  }

  /** As {@link results}, each as its line of JSON, in which numbers have all their digits. */
  async *resultLines(id: string, options: CallOptions = {}): AsyncGenerator<string, void> {
    const { signal } = checkOptions('batches.resultLines()', options, CALL);
    const path = pathOf(id, '/results');
    const call = `GET ${path}`;
    let query: Query = {};
    for (;;) {
      const response = await this.#api.retrier.run(
        () => this.#api.open({ method: 'GET', path, query, signal }),
        signal,
      );
      if (response.status !== 200)
        throw new AnswerInvalid(call, 'lines for items', `HTTP ${response.status}`);
      yield* textLines(chunksOf(response, call, signal));
      const next = nextIn(response.headers);
      if (!next) return;
      query = next;
    }
  }

  /**
   * Fetches the file with all results of a batch that has ended: a line for each item, as in {@link results}. Only on AWS.
   * @returns undefined until the file is written
   * @throws ApiError with the code `batch_unknown`, `manifest_unknown` unless the service is on AWS, or `result_gone` if the file is no
   *   longer kept; TransferRefused, ConnectionFailed
   */
  async manifest(id: string, options: CallOptions = {}): Promise<Response | undefined> {
    const { signal } = checkOptions('batches.manifest()', options, CALL);
    const call = { method: 'GET', path: pathOf(id, '/manifest'), signal } as const;
    return this.#api.retrier.run(async () => {
      const response = await this.#api.open(call);
      if (response.status !== 202) return fromStore(this.#api, call, response);
      await response.body?.cancel();
      return undefined;
    }, signal);
  }

  /** Uploads a manifest. @returns the object */
  async #upload(id: string, blob: Blob, signal: AbortSignal | undefined): Promise<string> {
    const path = pathOf(id, '/upload');
    const answer = await this.#api.json({ method: 'POST', path, ...jsonBody({ size: blob.size }), signal });
    const { manifest, upload } = readJson(answer, 'an upload', isManifestForm);
    await uploadForm(this.#api, upload, blob, signal);
    return manifest;
  }

  async #call(
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal | undefined,
    members?: object,
  ): Promise<Batch> {
    const body = members && jsonBody(members);
    return readJson(await this.#api.json({ method, path, ...body, signal }), 'a batch', isBatch);
  }
}

function pathOf(id: string, rest = ''): string {
  assertText('batches', 'id', id);
  return batchPath(id, rest);
}

function jsonBody(members: object) {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(members) };
}

/** The lines of a call of the API. */
class LinesCall {
  /** Lines of earlier calls. */
  before = 0;
  #lines: string[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** The number of the latest line. */
  get last(): number {
    return this.before + this.#lines.length;
  }

  /** The same bytes as in a file with these lines, which a receipt is compared with. */
  get body(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  hasRoomFor(size: number): boolean {
    return this.isEmpty || (this.#bytes + size <= CALL_BYTES && this.#lines.length < CALL_LINES);
  }

  push(line: string, size: number): void {
    this.#lines.push(line);
    this.#bytes += size + 1;
  }

  clear(): void {
    this.before = this.last;
    this.#lines = [];
    this.#bytes = 0;
  }
}

/** The query of the rest of the results; undefined if there are no others. */
function nextIn(headers: Headers): Query | undefined {
  const [, query] = /<[^>?]*\?([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('link') ?? '') ?? [];
  return query === undefined ? undefined : Object.fromEntries(new URLSearchParams(query));
}

/** @param place that of the item, from 1 @throws RangeError, TypeError */
function lineOf(item: BatchItem | string, place: number): string {
  if (typeof item !== 'string') return textOf(item, place);
  if (item.includes('\n'))
    throw new RangeError(
      `add() takes items and lines without line feeds, got a text with one as item ${place}`,
    );
  return item;
}

/** @throws RangeError for invalid options; TypeError for what JSON doesn't know */
function textOf(item: BatchItem, place: number): string {
  try {
    return JSON.stringify(membersOf(item));
  } catch (error) {
    const text = `Item ${place} can't be added: ${messageOf(error)}`;
    throw error instanceof RangeError
      ? new RangeError(text, { cause: error })
      : new TypeError(text, { cause: error });
  }
}

function lineTooLarge(detail: string): ApiProblem {
  const code = 'line_too_large';
  return { type: `urn:coatcheck:problem:${code}`, title: 'line too large', status: 413, detail, code };
}

/** Not all browsers iterate over streams. @throws ConnectionFailed, the signal's reason */
async function* chunksOf(
  { body }: Response,
  call: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await connect(call, () => reader.read());
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function isBatch(value: unknown): value is Batch {
  return (
    hasMembers(value, { id: 'string', status: 'string', progress: 'number' }) &&
    isObject(value) &&
    hasMembers(value.counts, { total: 'number' })
  );
}

function isManifestForm(value: unknown): value is { readonly manifest: string; readonly upload: FormUpload } {
  return (
    hasMembers(value, { manifest: 'string' }) &&
    isObject(value) &&
    hasMembers(value.upload, { url: 'string', fields: 'object' })
  );
}

function isPage(value: unknown): value is BatchPage {
  return isObject(value) && Array.isArray(value.batches) && value.batches.every(isBatch);
}

function isAdded(value: unknown): value is Omit<AddedLines, 'receipts'> {
  return (
    hasMembers(value, { added: 'number', repeated: 'number' }) &&
    isObject(value) &&
    Array.isArray(value.refused) &&
    value.refused.every((each) => hasMembers(each, { line: 'number', problem: 'object' }))
  );
}

function isResultLine(value: unknown): value is BatchResultLine {
  return hasMembers(value, { key: 'string', id: 'string', status: 'string' });
}
