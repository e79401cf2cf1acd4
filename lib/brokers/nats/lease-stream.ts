import { DiscardPolicy, JetStreamApiCodes, type JetStreamManager, RetentionPolicy } from '@nats-io/jetstream';
import type { LeaseStore } from '../exclusive-lease.ts';
import { asConfigurationError, hasCode, NANOSECONDS } from './stream.ts';
import type { NatsInputUrl } from './url.ts';

/** How long a lease lasts: another worker takes over within that time from one that was killed. */
export const LEASE_SECONDS = 15;

/** The error code of a stream that exists with other settings, such as more replicas. */
const STREAM_EXISTS = 10_058;

/**
 * The lease of the only worker that receives from a stream: the one message of a stream that deletes it by its age. Each
 * renewal replaces it, if nothing else has.
 */
export class LeaseStream implements LeaseStore {
  readonly #manager: JetStreamManager;
  readonly #name: string;
  readonly #subject: string;
  readonly #holder: string;

  private constructor(manager: JetStreamManager, { stream, consumer }: NatsInputUrl, holder: string) {
    this.#manager = manager;
    this.#name = `${stream}-${consumer}-lease`;
    this.#subject = `coatcheck.lease.${stream}.${consumer}`;
    this.#holder = holder;
  }

  /** @param holder names this worker. @throws ConfigurationError if the server refuses the stream */
  static async open(manager: JetStreamManager, url: NatsInputUrl, holder: string): Promise<LeaseStream> {
    const lease = new LeaseStream(manager, url, holder);
    try {
      await manager.streams.add({
        name: lease.#name,
        subjects: [lease.#subject],
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
        max_msgs_per_subject: 1,
        max_age: LEASE_SECONDS * NANOSECONDS,
      });
    } catch (error) {
      if (!hasCode(error, STREAM_EXISTS)) {
        throw asConfigurationError(`The stream ${lease.#name}, which is for the lease of a worker,`, error);
      }
    }
    return lease;
  }

  async take(): Promise<boolean> {
    const last = await this.#manager.streams.getMessage(this.#name, { last_by_subj: this.#subject });
    if (last && last.string() !== this.#holder) return false;
    try {
      const expect = { lastSubjectSequence: last?.seq ?? 0 };
      await this.#manager.jetstream().publish(this.#subject, this.#holder, { expect });
      return true;
    } catch (error) {
      if (hasCode(error, JetStreamApiCodes.StreamWrongLastSequence)) return false;
      throw error;
    }
  }

  async release(): Promise<void> {
    const last = await this.#manager.streams.getMessage(this.#name, { last_by_subj: this.#subject });
    if (last?.string() === this.#holder) await this.#manager.streams.deleteMessage(this.#name, last.seq);
  }
}
