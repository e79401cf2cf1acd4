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
  readonly #publish: (progress: Progress) => Promise<void>;
  readonly #stop = new AbortController();
  #recordedAt: number;
  #latest: Progress | undefined;
  #recording: Promise<void> = Promise.resolve();

  /** @param publish called with recorded progress */
  constructor(
    about: RequestFields,
    lease: Lease,
    ports: EnginePorts,
    publish: (progress: Progress) => Promise<void>,
  ) {
    this.#about = about;
    this.#publish = publish;
    this.#lease = lease;
    this.#ports = ports;
    this.#recordedAt = ports.clock.now();
  }

  /** Fires when a write shows that the request was cancelled, or taken over by another attempt. */
  get unwanted(): AbortSignal {
    return this.#stop.signal;
  }

  add({ fraction, note }: Progress): void {
    this.#latest = { fraction, note: note?.slice(0, NOTE_MAX_LENGTH) };
    const now = this.#ports.clock.now();
    if (now - this.#recordedAt < INTERVAL_MILLISECONDS) return;
    this.#recordedAt = now;
    this.#recording = this.#record(this.#latest);
  }

  /**
   * Waits until no write is under way.
   * @returns the latest progress, for a record that is written anyway
   */
  async settle(): Promise<Progress | undefined> {
    await this.#recording;
    return this.#latest;
  }

  async #record(progress: Progress): Promise<void> {
    try {
      if (await this.#lease.progress(progress)) await this.#publish(progress);
      else this.#stop.abort();
    } catch (error) {
      const fields = { ...this.#about, error: serializeError(error) };
      this.#ports.logger.warn('Progress could not be recorded or published', fields);
    }
  }
}
