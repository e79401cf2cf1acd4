import { randomUUID } from 'node:crypto';
import { BatchRunner } from '../../lib/core/intake/batch-runner.ts';
import { Batches } from '../../lib/core/intake/batches.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { type Ending, outcomeOf } from '../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { StoredBatch } from '../../lib/core/ports/batch-store.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { SqliteBatchStore } from '../../lib/stores/sqlite/batch-store.ts';
import { SqliteIdempotencyKeys } from '../../lib/stores/sqlite/idempotency-keys.ts';
import { SqliteRecordStore } from '../../lib/stores/sqlite/record-store.ts';
import type { SqliteFile } from '../../lib/stores/sqlite/sqlite-file.ts';
import { SqliteSubmissionQueue } from '../../lib/stores/sqlite/submission-queue.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { TestClock } from './test-clock.ts';

/** How long records are kept, in days. */
export const RECORD_AGE_DAYS = 10;

/** Batches of a file, without an engine: a test decides what becomes of the items. */
export class BatchService {
  readonly clock: TestClock;
  readonly file: SqliteFile;
  readonly records: RequestRecords;
  readonly queue: SqliteSubmissionQueue;
  readonly store: SqliteBatchStore;
  readonly batches: Batches;
  readonly runner: { readonly run: () => Promise<boolean> };
  readonly logger = new CollectingLogger();
  /** The batches whose end was reported. */
  readonly reported: StoredBatch[] = [];
  /** Fails a report. */
  failure: Error | undefined;

  constructor(file: SqliteFile, clock = new TestClock()) {
    this.file = file;
    this.clock = clock;
    this.records = new RequestRecords(new SqliteRecordStore(file), clock.now, RECORD_AGE_DAYS);
    this.queue = new SqliteSubmissionQueue(file, 'requests', clock);
    this.store = new SqliteBatchStore(file, () => this.queue);
    const newId = () => randomUUID();
    const submissions = new Submissions(
      {
        records: this.records,
        keys: new SqliteIdempotencyKeys(file),
        queue: this.queue,
        store: new MemoryPayloadStore(),
        logger: this.logger,
        clock,
        newId,
      },
      { payloadPrefix: 'payloads/', inlineLimitBytes: 1_000, maxPayloadBytes: 5_000, maxJsonDepth: 64 },
    );
    this.batches = new Batches({ store: this.store, submissions, clock, newId });
    const report = async (batch: StoredBatch) => {
      if (this.failure) throw this.failure;
      this.reported.push(batch);
    };
    const { store, records, logger } = this;
    const runner = new BatchRunner({ store, records, submissions, report, clock, logger }, RECORD_AGE_DAYS);
    this.runner = { run: () => runner.run(store) };
  }

  /** Claims the request of an item. @returns its lease */
  async claim({ request }: RequestRecord) {
    const claim = await this.records.claim(request, this.clock.now() + 60_000);
    return claim.status === 'claimed' ? claim.lease : undefined;
  }

  /** Ends a request as a handler would. */
  async end(record: RequestRecord, status: 'succeeded' | 'failed' | 'expired'): Promise<void> {
    const { request } = record;
    const lease = await this.claim(record);
    const problem = { type: 'p', title: 'p', detail: 'p', code: 'p', attempts: 1 };
    const ending: Ending =
      status === 'succeeded'
        ? { status, result: { bytes: Buffer.from('1'), contentType: 'application/json' } }
        : { status, problem };
    await lease?.complete(outcomeOf(request, ending, this.clock.now()));
  }
}
