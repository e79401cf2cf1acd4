import { setTimeout as wait } from 'node:timers/promises';
import { backoffBound } from '../core/base/backoff.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import type { Publication } from '../core/wire/batch-publisher.ts';
import type { OutboxSource, PublishRows, StoredRow } from './outbox-source.ts';

/** How often an outbox without a hint is looked at, in milliseconds. */
const POLL_MILLISECONDS = 1_000;

/** Wait after a batch that the destination or the store didn't take. It doubles up to the longest one, with jitter. */
const RETRY_BASE_MILLISECONDS = 100;
const RETRY_MAX_MILLISECONDS = 10_000;

/** What became of the rows of a batch. */
export interface RelayedBatch {
  readonly published: number;
  readonly refused: number;
  /** Rows that are taken again. */
  readonly failed: number;
}

/** Options of an {@link OutboxRelay}. */
export interface OutboxRelayOptions {
  readonly logger: Logger;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** @default 1_000 */
  readonly pollMilliseconds?: number;
  /** Called after each batch with rows. */
  readonly onBatch?: (batch: RelayedBatch) => void;
}

/**
 * Relays the rows of an outbox to the queue or the API that takes requests, at least once each: a row is removed after it was
 * published. One that is published twice is still one request, since the row has the request's id.
 */
export class OutboxRelay {
  readonly #source: OutboxSource;
  readonly #publishRows: PublishRows;
  readonly #options: OutboxRelayOptions;
  /** Batches without success since the last one with it. */
  #failures = 0;

  constructor(source: OutboxSource, publish: PublishRows, options: OutboxRelayOptions) {
    this.#source = source;
    this.#publishRows = publish;
    this.#options = options;
  }

  /** Whether the last batch could be relayed. */
  get isHealthy(): boolean {
    return this.#failures === 0;
  }

  /** Relays until the signal fires and the batches of that moment have ended. Outages are waited out. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, pollMilliseconds = POLL_MILLISECONDS } = this.#options;
    while (!signal.aborted) {
      const taken = await this.#relayBatch();
      if (this.#failures > 0) {
        const bound = backoffBound(this.#failures, RETRY_BASE_MILLISECONDS, RETRY_MAX_MILLISECONDS);
        await sleep(bound * (0.5 + random() / 2), signal);
      } else if (taken === 0) await this.#source.wait(pollMilliseconds, signal);
      else await this.#relayBacklog(signal);
    }
  }

  /** The rows of a batch are taken and removed while those of another are published. */
  async #relayBacklog(signal: AbortSignal): Promise<void> {
    const relayAll = async () => {
      let taken = 1;
      while (taken > 0 && this.#failures === 0 && !signal.aborted) taken = await this.#relayBatch();
    };
    await Promise.all(Array.from({ length: this.#source.maxBatches }, relayAll));
  }

  /** @returns how many rows were taken */
  async #relayBatch(): Promise<number> {
    try {
      const publications = await this.#source.relay((rows) => this.#publish(rows));
      this.#report(publications);
      return publications.length;
    } catch (error) {
      this.#failures++;
      this.#options.logger.warn('The outbox could not be relayed; trying again', {
        error: serializeError(error),
        failures: this.#failures,
      });
      return 0;
    }
  }

  async #publish(rows: readonly StoredRow[]): Promise<readonly Publication[]> {
    const publications = await this.#publishRows(rows);
    for (const [nth, publication] of publications.entries()) {
      if (publication.published || !publication.refused) continue;
      const { id, aggregatetype, aggregateid } = rows[nth] ?? {};
      const fields = { id, aggregatetype, aggregateid, reason: publication.reason };
      this.#options.logger.error('A row of the outbox was refused', fields);
    }
    return publications;
  }

  #report(publications: readonly Publication[]): void {
    const { logger, onBatch } = this.#options;
    const batch = countsOf(publications);
    if (publications.length > 0) onBatch?.(batch);
    if (batch.failed > 0) {
      // Where some are published, the destination works.
      this.#failures = batch.published > 0 ? 1 : this.#failures + 1;
      logger.warn('Rows of the outbox could not be published; trying again', {
        ...batch,
        failures: this.#failures,
        reason: publications.find(isFailure)?.reason,
      });
    } else if (this.#failures > 0) {
      this.#failures = 0;
      logger.info('The outbox is relayed again', { ...batch });
    }
  }
}

function countsOf(publications: readonly Publication[]): RelayedBatch {
  const published = publications.filter((one) => one.published).length;
  const failed = publications.filter(isFailure).length;
  return { published, refused: publications.length - published - failed, failed };
}

/** Whether a row is taken again. */
function isFailure(publication: Publication): publication is Extract<Publication, { published: false }> {
  return !publication.published && !publication.refused;
}

/** Resolves after the time, or when the signal fires. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return wait(milliseconds, undefined, { signal }).catch(() => {});
}
