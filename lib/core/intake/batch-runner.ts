import { mapConcurrently } from '../base/map-concurrently.ts';
import { serializeError } from '../base/serialize-error.ts';
import { DAY_MILLISECONDS } from '../base/time.ts';
import { sealsItselfAt } from '../model/batch.ts';
import { type BatchView, batchViewOf } from '../model/batch-view.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { BatchStore, DueBatch, DueBatches, StoredBatch } from '../ports/batch-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import { RecordMissing } from '../records/errors.ts';
import type { RequestRecords } from '../records/request-records.ts';
import type { BatchImporter } from './batch-importer.ts';
import type { BatchManifest } from './batch-manifest.ts';
import type { Submissions } from './submissions.ts';

/** The ports of a {@link BatchRunner}. */
export interface BatchRunnerPorts {
  readonly store: Pick<BatchStore, 'seal' | 'items' | 'noteCancelled' | 'noteReported'>;
  readonly records: Pick<RequestRecords, 'change'>;
  readonly submissions: Pick<Submissions, 'promote'>;
  /** Writes the manifests of batches that have ended. @default - none is written */
  readonly manifest?: Pick<BatchManifest, 'write'>;
  /** Imports items. @default - the host has no imports */
  readonly importer?: Pick<BatchImporter, 'advance'>;
  /** Reports the end of a batch. It may do so more than once. */
  readonly report: (batch: StoredBatch) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a process may work on a batch that it took, in milliseconds. After that, another process takes it. */
export const BATCH_LEASE_MILLISECONDS = 30_000;

/** Items of a batch that are cancelled in one go, so that one batch doesn't hold up the others. */
const CANCEL_TOGETHER = 1_000;

const MAX_CANCELS = 100;

/**
 * Does what batches wait for: imports items, seals batches whose time is over, cancels the items of cancelled ones, writes
 * manifests, and reports ends. Several processes may run one: each due batch is leased by one of them.
 */
export class BatchRunner {
  readonly #ports: BatchRunnerPorts;
  readonly #ageMilliseconds: number;

  /** @param ageDays how long a batch is kept after its end */
  constructor(ports: BatchRunnerPorts, ageDays: number) {
    this.#ports = ports;
    this.#ageMilliseconds = ageDays * DAY_MILLISECONDS;
  }

  /** Does what is due. A batch that fails is tried again when its lease has ended. @returns whether a batch was due */
  async run(batches: DueBatches): Promise<boolean> {
    const { clock, logger } = this.#ports;
    const now = clock.now();
    const due = await batches.takeDue(now, now + BATCH_LEASE_MILLISECONDS);
    for (const each of due) {
      try {
        await this.advance(each);
      } catch (error) {
        const { id, tenant } = each.batch;
        logger.error('A batch could not be advanced', { batch: id, tenant, error: serializeError(error) });
      }
    }
    return due.length > 0;
  }

  /** Does one step of a leased batch, which may be due again after that. */
  async advance(due: DueBatch): Promise<void> {
    const { store, importer, clock } = this.#ports;
    const { batch, state } = due;
    if (due.cancels) return this.#cancelItems(due);
    if (state.endedAt !== undefined) return this.#finish(due, state.endedAt);
    if (due.imports) return importer?.advance(due);
    if (state.sealedAt === undefined && sealsItselfAt(batch, state) <= clock.now()) {
      await store.seal(batch, clock.now());
    }
  }

  async #cancelItems({ batch, cancelledUpTo }: DueBatch): Promise<void> {
    const { store, submissions } = this.#ports;
    const { items, next } = await store.items(batch, cancelledUpTo, CANCEL_TOGETHER);
    await mapConcurrently(items, MAX_CANCELS, async ({ record }) => {
      const cancelled = record.outcome ? record : await this.#cancelled(record);
      // Includes requests that another process cancelled before it died.
      if (cancelled) await submissions.promote(cancelled);
    });
    await store.noteCancelled(batch, next);
  }

  /** @returns undefined if the request waited for longer than its record is kept: its message starts it as a new one */
  async #cancelled({ request }: RequestRecord): Promise<RequestRecord | undefined> {
    try {
      return (await this.#ports.records.change(request, { type: 'cancel' })).stored.record;
    } catch (error) {
      if (error instanceof RecordMissing) return undefined;
      throw error;
    }
  }

  async #finish(due: DueBatch, endedAt: number): Promise<void> {
    const { store, manifest: writer, report, logger } = this.#ports;
    const manifest = due.manifest ?? (await writer?.write(due));
    if (writer && !manifest) return;
    const ended = { ...due, manifest };
    await report(ended);
    await store.noteReported(ended.batch, endedAt + this.#ageMilliseconds);
    const { id, tenant, status, counts } = this.#viewOf(ended);
    logger.info('A batch has ended', { batch: id, tenant, status, ...counts });
  }

  #viewOf(stored: StoredBatch): BatchView {
    return batchViewOf(stored, this.#ports.clock.now());
  }
}
