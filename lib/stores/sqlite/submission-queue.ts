import type { Clock } from '../../core/ports/clock.ts';
import type { SubmissionQueue } from '../../core/ports/message-sink.ts';
import type { StoredRecord, WriteResult } from '../../core/ports/record-store.ts';
import { MessageTable, type NewMessage } from './message-table.ts';
import { SqliteRecordStore } from './record-store.ts';
import { assertSendable, MAX_MESSAGE_BYTES } from './sendable.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Sends submissions to a queue in a file, which has their records too. The group of a message is its tenant. */
export class SqliteSubmissionQueue implements SubmissionQueue {
  readonly maxBytes = MAX_MESSAGE_BYTES;
  readonly ordered = false;
  readonly #file: SqliteFile;
  readonly #queue: string;
  readonly #messages: MessageTable;
  readonly #records: SqliteRecordStore;
  readonly #clock: Clock;

  constructor(file: SqliteFile, queue: string, clock: Clock) {
    this.#file = file;
    this.#queue = queue;
    this.#messages = new MessageTable(file, queue);
    this.#records = new SqliteRecordStore(file);
    this.#clock = clock;
  }

  async send(body: string, tenant: string | undefined): Promise<void> {
    await this.#messages.send([submission(body, tenant)], this.#clock.now());
  }

  async sendRecorded(body: string, tenant: string | undefined, record: StoredRecord): Promise<WriteResult> {
    const send = this.#messages.sending([submission(body, tenant)], this.#clock.now());
    const write = this.#records.writing(record);
    const sendAndWrite = () => {
      send();
      return write();
    };
    return this.#file.write(sendAndWrite, 'on disk', this.#queue);
  }
}

function submission(body: string, tenant: string | undefined): NewMessage {
  assertSendable(body);
  return { body, group: tenant };
}
