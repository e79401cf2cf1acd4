import { readUpTo, single } from '../base/byte-streams.ts';
import { CancelledByClient, CoatcheckError, ResultInvalid, StoreUnavailable } from '../base/errors.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import { RECORDED_RESULT_BYTES } from '../config/receive-budget.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import { resultKey } from '../model/result-key.ts';
import { plainJson } from '../processor/plain-json.ts';
import type { ResultBody } from '../processor/result.ts';
import type { Lease } from '../records/lease.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptSuspended, CheckpointInvalid, LeaseLost } from './errors.ts';
import type { ProgressReport } from './progress-report.ts';

/** The time that must be left for another slice, as a multiple of the time that the last one took. */
const MARGIN = 1.25;

/**
 * The checkpoints of an attempt. What a handler does between two of them is a slice. When the time that is left isn't
 * enough for another slice like the last, saving a checkpoint suspends the attempt: the handler ends, and goes on from
 * there when its message is delivered again.
 */
export class Checkpoints {
  readonly #lease: Lease;
  readonly #context: AttemptContext;
  readonly #progress: ProgressReport;
  readonly #stop = new AbortController();
  #suspended = false;
  #sliceStartedAt: number;
  /** Checkpoints are saved one after the other. */
  #saving: Promise<void> = Promise.resolve();

  constructor(lease: Lease, context: AttemptContext, progress: ProgressReport) {
    this.#lease = lease;
    this.#context = context;
    this.#progress = progress;
    this.#sliceStartedAt = context.ports.clock.now();
  }

  /** Fires when the handler must stop: the attempt is suspended, or the request was cancelled or taken over. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Whether the attempt has been suspended: however its handler ends, the request goes on later. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** Reads the state of the latest checkpoint; undefined if there is none. @throws PayloadMissing if it is gone */
  async load(): Promise<unknown> {
    const { checkpoint } = this.#lease.record;
    return checkpoint && JSON.parse(await this.#read(checkpoint));
  }

  async #read({ state }: Checkpoint): Promise<string> {
    if ('json' in state) return state.json;
    const { ports, deadline } = this.#context;
    const { body, discard } = await ports.store.open(state.check, deadline.handlerDeadline);
    const { bytes } = await readUpTo(body, state.size).finally(discard);
    return Buffer.from(bytes).toString();
  }

  /**
   * Saves a checkpoint. The returned promise resolves when it is recorded.
   * @throws CheckpointInvalid for a state that isn't data
   * @throws AttemptSuspended, LeaseLost or CancelledByClient if the handler must stop
   * @throws StoreUnavailable
   */
  save(state: unknown): Promise<void> {
    const json = jsonOf(state);
    this.#saving = this.#saving.catch(() => {}).then(() => this.#save(json));
    // The handler may not await it.
    this.#saving.catch(() => {});
    return this.#saving;
  }

  async #save(json: string): Promise<void> {
    if (this.#suspended) throw new AttemptSuspended();
    const suspend = this.#isTimeOver();
    const progress = await this.#progress.settle();
    const number = (this.#lease.record.checkpoint?.number ?? 0) + 1;
    const checkpoint = { number, state: await this.#keep(json) };
    const record = await this.#lease.checkpoint(checkpoint, progress, suspend).catch(unavailable);
    if (record.checkpoint !== checkpoint) throw this.#stopped(new LeaseLost());
    this.#suspended = suspend;
    if (record.status === 'cancelling' || record.outcome) throw this.#stopped(new CancelledByClient());
    if (suspend) throw this.#stopped(new AttemptSuspended());
    this.#sliceStartedAt = this.#now();
  }

  /**
   * A result that is kept only while the attempt isn't suspended: a handler may ignore that and return a result.
   * @throws AttemptSuspended
   */
  whileGoing({ body, ...about }: ResultBody): ResultBody {
    if (this.#suspended) throw new AttemptSuspended();
    return { ...about, body: body instanceof Uint8Array ? body : this.#whole(body) };
  }

  async *#whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* body;
    if (this.#suspended) throw new AttemptSuspended();
  }

  /** Whether another slice like the last is likely to be cut off. */
  #isTimeOver(): boolean {
    const { stopsAt, startDeadline } = this.#context.deadline;
    const slice = this.#now() - this.#sliceStartedAt;
    return startDeadline.aborted || stopsAt - this.#now() < MARGIN * slice;
  }

  async #keep(json: string): Promise<Checkpoint['state']> {
    const bytes = Buffer.from(json);
    if (bytes.byteLength <= RECORDED_RESULT_BYTES) return { json };
    const { ports, settings, deadline } = this.#context;
    // A key is written once, and a state that couldn't be recorded may be followed by another one.
    const use = `checkpoint ${this.#now()} ${ports.random()}`;
    const key = resultKey(settings.resultPrefix, this.#lease.request, use);
    return ports.store.save(key, single(bytes), JSON_TYPE, deadline.handlerDeadline);
  }

  #stopped<Reason extends Error>(reason: Reason): Reason {
    this.#stop.abort(reason);
    return reason;
  }

  #now(): number {
    return this.#context.ports.clock.now();
  }
}

function jsonOf(state: unknown): string {
  try {
    return plainJson(state);
  } catch (error) {
    throw error instanceof ResultInvalid ? new CheckpointInvalid(error.problem, error) : error;
  }
}

function unavailable(error: unknown): never {
  throw error instanceof CoatcheckError ? error : new StoreUnavailable('The request table', error);
}
