import type { RequestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import type { Progress } from '../model/request-record.ts';
import type { Lease } from '../records/lease.ts';
import type { EnginePorts } from './engine-ports.ts';

/** Least time between two records of progress, and from the claim to the first one: each is a paid write. */
const INTERVAL_MILLISECONDS = 5_000;

/** Longest note that is recorded, in characters. */
const NOTE_MAX_LENGTH = 500;

/**
 * Records the progress of an attempt at limited rate. The response to a write shows whether the attempt should go on.
 */
export class ProgressReport {
  readonly #about: RequestFields;
  readonly #lease: Lease;
  readonly #ports: EnginePorts;
  readonly #tell: (progress: Progress) => Promise<void>;
  readonly #stop = new AbortController();
  #recordedAt: number;

  /** @param tell called with recorded progress */
  constructor(
    about: RequestFields,
    lease: Lease,
    ports: EnginePorts,
    tell: (progress: Progress) => Promise<void>,
  ) {
    this.#about = about;
    this.#tell = tell;
    this.#lease = lease;
    this.#ports = ports;
    this.#recordedAt = ports.clock.now();
  }

  /** Fires when the request is found to be cancelled, or taken over by another attempt. */
  get unwanted(): AbortSignal {
    return this.#stop.signal;
  }

  add({ fraction, note }: Progress): void {
    const now = this.#ports.clock.now();
    if (now - this.#recordedAt < INTERVAL_MILLISECONDS) return;
    this.#recordedAt = now;
    void this.#record({ fraction, note: note?.slice(0, NOTE_MAX_LENGTH) });
  }

  async #record(progress: Progress): Promise<void> {
    try {
      if (await this.#lease.progress(progress)) await this.#tell(progress);
      else this.#stop.abort();
    } catch (error) {
      const fields = { ...this.#about, error: serializeError(error) };
      this.#ports.logger.warn('Progress could not be recorded or published', fields);
    }
  }
}
