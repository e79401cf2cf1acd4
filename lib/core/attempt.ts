import { readBeginning, single } from './beginning.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';
import type { DecodedRequest } from './envelopes/decode.ts';
import { AttemptTimedOut, PermanentError, RequestExpired, RetryLater } from './errors.ts';
import type { Processor } from './handler.ts';
import { type Ending, expiry, failure, type InlineResult, type Outcome, outcomeOf } from './outcome.ts';
import { encodeOutcome } from './output/encode.ts';
import { openPayload } from './payload.ts';
import type { RequestRecords, StoredResult } from './ports.ts';
import { PayloadRequest } from './request.ts';
import { digestOf } from './request-id.ts';
import { type ResultBody, resultBodyOf } from './result.ts';
import { resultKey } from './result-key.ts';
import { type Shift, unlessAborted } from './shift.ts';
import { describeThrown } from './thrown.ts';

/** What an attempt works with. */
export interface AttemptTools {
  readonly processor: Processor;
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly shift: Shift;
}

/** One attempt at one request: claim, open, handle, store, complete. */
export class Attempt {
  readonly #request: DecodedRequest;
  readonly #attempt: number;
  readonly #tools: AttemptTools;

  constructor(request: DecodedRequest, attempt: number, tools: AttemptTools) {
    this.#request = request;
    this.#attempt = attempt;
    this.#tools = tools;
  }

  /**
   * Brings the request to its end. Whatever it throws means: not ended, to be tried again.
   * @throws RetryLater, AttemptTimedOut, or what the handler or a port threw
   */
  run(): Promise<Outcome> {
    return this.#inTime(this.#claimed());
  }

  async #claimed(): Promise<Outcome> {
    const { records } = this.#tools.ports;
    if (!records) return this.#outcome(await this.#work());
    const claim = await records.claim(this.#request, this.#attempt, this.#tools.shift.stopsAt);
    switch (claim.status) {
      case 'finished':
        return claim.outcome;
      case 'running':
        throw new RetryLater(
          Math.max(0, claim.leaseEndsAt - this.#now()) / 1000,
          'another attempt is running',
        );
      case 'claimed':
        return this.#underLease(claim.lease, records);
    }
  }

  async #underLease(lease: string, records: RequestRecords): Promise<Outcome> {
    let outcome: Outcome;
    try {
      outcome = this.#outcome(await this.#work());
    } catch (error) {
      await this.#release(records, lease, error);
      throw error;
    }
    const ours = await records.complete(this.#request, lease, outcome);
    if (!ours) throw new RetryLater(0, 'the lease went to another attempt');
    return outcome;
  }

  /** A lease that can't be given back ends by itself; what the attempt failed of counts. */
  async #release(records: RequestRecords, lease: string, error: unknown): Promise<void> {
    try {
      await records.release(this.#request, lease, error);
    } catch (refusal) {
      this.#tools.ports.logger.warn('The lease could not be given back', {
        requestId: this.#request.id,
        error: describeThrown(refusal),
      });
    }
  }

  /** The ending of the work. What ends too late is dropped here, before it is recorded. */
  async #work(): Promise<Ending> {
    if (this.#isExpired()) return expiry(new RequestExpired(), this.#attempt);
    return this.#inTime(this.#handled());
  }

  /** Given up when the shift is over: no handler, store or record that doesn't answer may cost the whole batch. */
  #inTime<Value>(promise: Promise<Value>): Promise<Value> {
    return unlessAborted(promise, this.#tools.shift.over, () => {
      throw new AttemptTimedOut();
    });
  }

  async #handled(): Promise<Ending> {
    try {
      return { status: 'succeeded', result: await this.#result() };
    } catch (error) {
      if (error instanceof PermanentError) return failure(error, this.#attempt);
      throw error;
    }
  }

  async #result(): Promise<InlineResult | StoredResult> {
    const { processor, settings, ports, shift } = this.#tools;
    const payload = await openPayload(this.#request, ports.store, settings, shift.over);
    try {
      const request = new PayloadRequest(payload, {
        id: this.#request.id,
        tenant: this.#request.tenant,
        attempt: this.#attempt,
        deadline: new Date(shift.stopsAt),
        signal: shift.stopping,
        logger: ports.logger,
        maxJsonDepth: settings.maxJsonDepth,
      });
      if (processor.input) await request.validate(processor.input);
      return await this.#kept(await resultBodyOf(await processor.handler(request), this.#now()));
    } catch (error) {
      const readError = payload.readError();
      // An application that answers 400 to a payload that broke off has refused nothing.
      throw error instanceof PermanentError && readError !== undefined ? readError : error;
    } finally {
      payload.discard();
    }
  }

  /** The result inline if its outcome then fits a message, else in the store. */
  async #kept({ body, contentType }: ResultBody): Promise<InlineResult | StoredResult> {
    const { bytes, whole } = await readBeginning(body, this.#tools.settings.inlineLimitBytes);
    if (whole) return this.#stored(whole, contentType);
    const inline = { bytes, contentType };
    return this.#fits(inline) ? inline : this.#stored(single(bytes), contentType);
  }

  async #stored(body: AsyncIterable<Uint8Array>, contentType: string): Promise<StoredResult> {
    const { settings, ports, shift } = this.#tools;
    const key = resultKey(settings.resultPrefix, this.#request);
    const stored = await ports.store.save(key, body, contentType, shift.over);
    if (settings.outputFormat !== 'raw') return stored;
    // A copy for each outcome: its consumer deletes it, and the same outcome published again must find its own.
    const copy = digestOf('copy', String(this.#now()), String(ports.chance.random()));
    return ports.store.lend(stored, `${resultKey(settings.disposablePrefix, this.#request)}/${copy}`);
  }

  #fits(result: InlineResult): boolean {
    const { settings, ports } = this.#tools;
    const { output } = ports;
    const message = encodeOutcome(this.#outcome({ status: 'succeeded', result }), settings);
    return message !== undefined && output.sizeOf(message) <= output.maxBytes;
  }

  #outcome(ending: Ending): Outcome {
    return outcomeOf(this.#request, ending, this.#now());
  }

  #isExpired(): boolean {
    const { expiresAt } = this.#request;
    return expiresAt !== undefined && expiresAt <= this.#now();
  }

  #now(): number {
    return this.#tools.ports.chance.now();
  }
}
