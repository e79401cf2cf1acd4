import { orderingGroup } from '../../core/model/ordering-group.ts';
import { identityDigest, type RequestIdentity } from '../../core/model/request-id.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { SubmissionPlace, SubmissionQueue } from '../../core/ports/message-sink.ts';
import type { StoredRecord, WriteResult } from '../../core/ports/record-store.ts';
import { keepsOrder } from './keep-order.ts';
import { MessageTable, type NewMessage } from './message-table.ts';
import { SqliteRecordStore } from './record-store.ts';
import { assertSendable, MAX_MESSAGE_BYTES } from './sendable.ts';
import type { SqliteFile } from './sqlite-file.ts';

/**
 * Sends submissions to a queue in a file, which has their records too. The group of a message is its tenant; in a queue that
 * keeps order, the requests that run one after another.
 */
export class SqliteSubmissionQueue implements SubmissionQueue {
  readonly maxBytes = MAX_MESSAGE_BYTES;
  readonly maxDelaySeconds: number;
  readonly ordered: boolean;
  readonly #file: SqliteFile;
  readonly #queue: string;
  readonly #messages: MessageTable;
  readonly #records: SqliteRecordStore;
  readonly #clock: Clock;

  constructor(file: SqliteFile, queue: string, clock: Clock) {
    this.#file = file;
    this.#queue = queue;
    this.ordered = keepsOrder(file, queue);
    this.maxDelaySeconds = this.ordered ? 0 : Number.POSITIVE_INFINITY;
    this.#messages = new MessageTable(file, queue, this.ordered);
    this.#records = new SqliteRecordStore(file);
    this.#clock = clock;
  }

  async send(body: string, tenant: string | undefined, place?: SubmissionPlace): Promise<void> {
    await this.#messages.send([this.#submission(body, tenant, place)], this.#clock.now());
  }

  async promote(request: RequestIdentity): Promise<void> {
    await this.#messages.promote(nameOf(request), this.#clock.now());
  }

  async sendRecorded(
    body: string,
    tenant: string | undefined,
    record: StoredRecord,
    place?: SubmissionPlace,
  ): Promise<WriteResult> {
    return this.write(this.sendingRecorded(body, tenant, record, place));
  }

  /** The change that sends a message and writes the first record of its request, for a transaction that makes others too. */
  sendingRecorded(
    body: string,
    tenant: string | undefined,
    record: StoredRecord,
    place?: SubmissionPlace,
  ): () => WriteResult {
    const send = this.#messages.sending([this.#submission(body, tenant, place)], this.#clock.now());
    const write = this.#records.writing(record);
    return () => {
      send();
      return write();
    };
  }

  /** Makes a change that sends messages to the queue. */
  write<Value>(change: () => Value): Promise<Value> {
    return this.#file.write(change, 'on disk', this.#queue);
  }

  #submission(body: string, tenant: string | undefined, place: SubmissionPlace | undefined): NewMessage {
    assertSendable(body);
    const group = this.ordered ? orderingGroup(tenant, place?.orderingKey) : tenant;
    const { requestId, notBefore } = place ?? {};
    if (requestId === undefined || notBefore === undefined) return { body, group };
    return { body, group, visibleAt: notBefore, name: nameOf({ id: requestId, source: '', tenant }) };
  }
}

/** The name of a message that waits for its time, to be found by. */
function nameOf(request: RequestIdentity): string {
  return identityDigest('later', request);
}
