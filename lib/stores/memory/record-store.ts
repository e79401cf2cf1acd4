import type { DatabaseSync } from 'node:sqlite';
import { parseOutcome, serializeOutcome } from '../../core/model/outcome-json.ts';
import { identityDigest, type RequestIdentity } from '../../core/model/request-id.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import type { WebhookState } from '../../core/model/webhook-state.ts';
import {
  assertWritable,
  type DynamoDbWrite,
  type HandlerWrites,
  type WriteKind,
} from '../../core/ports/handler-writes.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../../core/ports/record-store.ts';
import { HandlerTransactions, runWrites } from '../sqlite/handler-transactions.ts';
import { Faults } from './faults.ts';

/** Records in memory. It never drops one by itself, as a table may not for days. */
export class MemoryRecordStore implements RecordStore {
  readonly faults = new Faults<'read' | 'write' | 'writeWith'>();
  readonly writeKinds: readonly WriteKind[];
  /** Writes for DynamoDB that handlers have made, in order. Their conditions aren't evaluated. */
  readonly items: DynamoDbWrite[] = [];
  /** Writes that were tried, refused ones among them. */
  writes = 0;
  reads = 0;
  readonly #stored = new Map<string, StoredRecord>();
  readonly #database: DatabaseSync | undefined;
  readonly #handlers: HandlerTransactions | undefined;

  /** @param database takes writes for SQLite. @default - they aren't taken */
  constructor(database?: DatabaseSync) {
    this.#database = database;
    this.#handlers = database && new HandlerTransactions(database);
    this.writeKinds = database ? ['sqlite', 'dynamodb'] : ['dynamodb'];
  }

  read(request: RequestIdentity): Promise<StoredRecord | undefined> {
    return this.faults.around('read', () => {
      this.reads++;
      return this.#stored.get(keyOf(request));
    });
  }

  write(next: StoredRecord): Promise<WriteResult> {
    return this.faults.around('write', () => this.#write(next));
  }

  writeWith(next: StoredRecord, writes: HandlerWrites): Promise<WriteResult> {
    assertWritable(writes, this.writeKinds);
    return this.faults.around('writeWith', () => this.#write(next, () => this.#make(writes)));
  }

  #write(next: StoredRecord, before = () => {}): WriteResult {
    this.writes++;
    const key = keyOf(next.record.request);
    const stored = this.#stored.get(key);
    if ((stored?.revision ?? 0) !== next.revision - 1) return { written: false, stored };
    before();
    this.#stored.set(key, kept(next, stored?.record.webhook));
    return { written: true };
  }

  /** Makes writes of a handler, of the kinds that there is something for. @throws WritesFailed */
  #make({ sqlite, dynamodb = [] }: HandlerWrites): void {
    if (sqlite && this.#database && this.#handlers) {
      this.#database.exec('BEGIN');
      const made = this.#handlers.run((tx) => runWrites(sqlite, tx));
      this.#database.exec(made ? 'ROLLBACK' : 'COMMIT');
      if (made) throw made.failed;
    }
    this.items.push(...dynamodb);
  }

  /** Changes the webhook state of a record. Keeps all else. */
  noteWebhook(request: RequestIdentity, change: (noted: WebhookState | undefined) => WebhookState): void {
    const key = keyOf(request);
    const stored = this.#stored.get(key);
    if (!stored) return;
    const { record } = stored;
    this.#stored.set(key, { ...stored, record: { ...record, webhook: change(record.webhook) } });
  }

  /** Drops a record, as a table does some time after the record's time. */
  drop(request: RequestIdentity): void {
    this.#stored.delete(keyOf(request));
  }

  /** Every record, in no particular order. */
  all(): readonly StoredRecord[] {
    return [...this.#stored.values()];
  }

  /** The record of a request that is known by its id alone. */
  record(id: string): RequestRecord | undefined {
    return this.#stored.get(keyOf({ id, source: '' }))?.record;
  }
}

function keyOf(request: RequestIdentity): string {
  return identityDigest('record', request);
}

/** A copy, as a store gives back what it was given as text. */
function kept(
  { record: { outcome, webhook: _, ...rest }, revision, keptUntil }: StoredRecord,
  webhook: WebhookState | undefined,
): StoredRecord {
  const copy = { ...structuredClone(rest), ...(webhook && { webhook }) };
  const record = outcome ? { ...copy, outcome: parseOutcome(serializeOutcome(outcome)) } : copy;
  return { record, revision, keptUntil: Math.ceil(keptUntil / 1000) * 1000 };
}
