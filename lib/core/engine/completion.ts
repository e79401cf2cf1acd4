import type { Ending } from '../model/outcome.ts';
import { assertWritable, type HandlerWrites } from '../ports/handler-writes.ts';
import { resultBodyOf } from '../processor/result.ts';
import type { AttemptContext } from './attempt-context.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { LeasedRequest } from './leased-request.ts';

/**
 * The end of an attempt whose handler calls `complete()`: the result is kept, then the outcome and the handler's writes are
 * committed in one transaction. Once a handler has called it, nothing else ends the request as succeeded.
 */
export class Completion {
  readonly #leased: LeasedRequest;
  readonly #context: AttemptContext;
  readonly #checkpoints: Checkpoints;
  /** The latest call, which waits for the calls before it. */
  #latest: Promise<void> | undefined;
  #ending: Ending | undefined;

  constructor(leased: LeasedRequest, context: AttemptContext, checkpoints: Checkpoints) {
    this.#leased = leased;
    this.#context = context;
    this.#checkpoints = checkpoints;
  }

  /**
   * Ends the request as succeeded.
   * @throws ConfigurationError for writes that the store of the record doesn't make
   * @throws AttemptSuspended, LeaseLost or CancelledByClient if the handler must stop
   * @throws StoreUnavailable, or what the writes failed with
   */
  run(result: unknown, writes: HandlerWrites): Promise<void> {
    const before = this.#latest ?? Promise.resolve();
    this.#latest = before.catch(() => {}).then(() => this.#run(result, writes));
    // The handler may not await it, but `ending()` does.
    this.#latest.catch(() => {});
    return this.#latest;
  }

  /** How the request ended by the latest call; undefined if there was none. @throws what the latest call failed with */
  async ending(): Promise<Ending | undefined> {
    await this.#latest;
    return this.#ending;
  }

  async #run(result: unknown, writes: HandlerWrites): Promise<void> {
    const { ports, deadline } = this.#context;
    const { lease, results } = this.#leased;
    if (this.#ending) throw new Error('complete() has ended the request: call it once');
    assertWritable(writes, ports.records.writeKinds);
    const body = this.#checkpoints.whileGoing(await resultBodyOf(result, ports.clock.now()));
    // Only the attempt that commits its writes may store the result, so it adopts no earlier one.
    const place = { createdAt: lease.createdAt, mayHaveResult: false, completion: crypto.randomUUID() };
    const kept = await results.keep(body, place, deadline.handlerDeadline);
    const ending = { status: 'succeeded', result: kept } as const;
    await this.#leased.commit(ending, writes);
    this.#ending = ending;
  }
}
