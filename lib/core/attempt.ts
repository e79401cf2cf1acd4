import type { AttemptTools } from './attempt-tools.ts';
import type { DecodedRequest } from './envelopes/decode.ts';
import { AttemptTimedOut, LeaseLost, RequestLeased, StillLeased } from './errors.ts';
import type { Lease } from './lease.ts';
import { LeftBehind } from './left-behind.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { ResultKeeper } from './result-keeper.ts';
import { secondsUntil } from './retry.ts';
import { unlessAborted } from './shift.ts';
import { describeThrown } from './thrown.ts';
import { Work } from './work.ts';

/** One attempt at one request: claim, work, complete. */
export class Attempt {
  #request: DecodedRequest;
  readonly #tools: AttemptTools;
  readonly #leftBehind: LeftBehind;

  constructor(request: DecodedRequest, tools: AttemptTools) {
    this.#request = request;
    this.#tools = tools;
    this.#leftBehind = new LeftBehind(request, tools.ports.store, tools.settings.resultPrefix);
  }

  /**
   * Brings the request to its end. Whatever it throws means: not ended, to be tried again.
   * @throws RetryLater, AttemptTimedOut, StillLeased, or what the handler or a port threw
   */
  async run(): Promise<Outcome> {
    const outcome = await this.#recorded();
    return this.#before(this.#tools.shift.settling, this.#results.lend(outcome));
  }

  async #recorded(): Promise<Outcome> {
    const { records, shift } = this.#tools;
    const claim = await this.#before(shift.over, records.claim(this.#request, shift.leaseEndsAt));
    switch (claim.status) {
      case 'finished':
        return this.#results.restore(claim.outcome, shift.over);
      case 'running':
        throw new RequestLeased(secondsUntil(claim.leaseEndsAt, this.#now()));
      case 'claimed':
        return this.#underLease(claim.lease);
    }
  }

  async #underLease(lease: Lease): Promise<Outcome> {
    const { traceparent, expiresAt } = lease.request;
    this.#request = { ...this.#request, traceparent, expiresAt };
    // If that fails the lease runs out, so that whoever is next takes over and looks as well.
    let outcome = lease.takenOver
      ? await this.#foundBehind().catch((error) => this.#keepLease(error))
      : undefined;
    try {
      outcome ??= await this.#worked(lease);
    } catch (error) {
      return this.#release(lease, error);
    }
    return this.#complete(lease, outcome);
  }

  /** The outcome of the attempt this one took over from, if that had got so far. */
  async #foundBehind(): Promise<Outcome | undefined> {
    const { over } = this.#tools.shift;
    const outcome = await this.#before(over, this.#leftBehind.find(over));
    return outcome && this.#results.restore(outcome, over);
  }

  /**
   * Given up when the shift is over, even if the handler isn't done: what ends later is dropped before it is
   * recorded.
   */
  async #worked(lease: Lease): Promise<Outcome> {
    const work = new Work(this.#request, lease, this.#results, this.#tools);
    const ending = await this.#before(this.#tools.shift.over, work.ending());
    return outcomeOf(this.#request, ending, this.#now());
  }

  /**
   * Gives the request back, unless its handler was given up and may still be running: then the lease runs out.
   * @returns the outcome the request has, if it has ended: it was to be cancelled, or another attempt was first
   * @throws what the attempt failed of
   */
  async #release(lease: Lease, error: unknown): Promise<Outcome> {
    if (error instanceof AttemptTimedOut) throw error;
    const { settling } = this.#tools.shift;
    const outcome = await this.#before(settling, lease.release(error)).catch((refusal) => {
      this.#warn('The lease could not be given back', refusal);
      return this.#keepLease(error);
    });
    if (!outcome) throw error;
    return this.#results.restore(outcome, settling);
  }

  /** @returns the outcome the request has, which is another's if that came first */
  async #complete(lease: Lease, outcome: Outcome): Promise<Outcome> {
    const { settling } = this.#tools.shift;
    const recorded = await this.#before(settling, lease.complete(outcome)).catch(async (error) => {
      await this.#leaveBehind(outcome);
      return this.#keepLease(error);
    });
    if (!recorded) throw new LeaseLost();
    return recorded === outcome ? outcome : this.#results.restore(recorded, settling);
  }

  /** The handler has done its work and the record can't say so, perhaps for want of an answer until the last moment. */
  async #leaveBehind(outcome: Outcome): Promise<void> {
    const { closing } = this.#tools.shift;
    await this.#before(closing, this.#leftBehind.leave(outcome, closing)).catch((error) => {
      this.#warn('The outcome could be neither recorded nor left behind', error);
    });
  }

  /** @throws StillLeased, since nobody can take the request before the lease is over */
  #keepLease(error: unknown): never {
    throw new StillLeased(secondsUntil(this.#tools.shift.leaseEndsAt, this.#now()), error);
  }

  /** @throws AttemptTimedOut when the signal fires first */
  #before<Value>(signal: AbortSignal, done: Promise<Value>): Promise<Value> {
    return unlessAborted(done, signal, () => {
      throw new AttemptTimedOut(secondsUntil(this.#tools.shift.leaseEndsAt, this.#now()));
    });
  }

  get #results(): ResultKeeper {
    const { settings, ports } = this.#tools;
    return new ResultKeeper(this.#request, settings, ports);
  }

  #warn(message: string, error: unknown): void {
    const fields = { requestId: this.#request.id, error: describeThrown(error) };
    this.#tools.ports.logger.warn(message, fields);
  }

  #now(): number {
    return this.#tools.ports.chance.now();
  }
}
