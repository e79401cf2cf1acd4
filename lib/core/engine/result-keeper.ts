import { readUpTo, single } from '../base/byte-streams.ts';
import { PermanentError } from '../base/errors.ts';
import { areUtf8, Utf8Check } from '../base/utf8-check.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import { RECORDED_RESULT_BYTES } from '../config/receive-budget.ts';
import { type InlineResult, type Outcome, outcomeOf } from '../model/outcome.ts';
import type { RecordedRequest } from '../model/request-record.ts';
import { keyOfResult, resultKey } from '../model/result-key.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { ResultBody } from '../processor/result.ts';
import type { Lease } from '../records/lease.ts';
import { encodeOutcome } from '../wire/encode-outcome.ts';
import type { EnginePorts } from './engine-ports.ts';
import { ResultTooLarge } from './errors.ts';

/** Keeps the result of one request: inline if the outcome fits a message, else in the store. */
export class ResultKeeper {
  readonly #request: RecordedRequest;
  readonly #settings: EngineSettings;
  readonly #ports: EnginePorts;

  constructor(request: RecordedRequest, settings: EngineSettings, ports: EnginePorts) {
    this.#request = request;
    this.#settings = settings;
    this.#ports = ports;
  }

  /**
   * Keeps what a handler returned. What travels inline and is too large for a record is stored as well.
   * @param lease of the attempt that returned it: one before it may have stored another result, and the first one
   *   counts
   */
  async keep(
    { body, contentType }: ResultBody,
    lease: Pick<Lease, 'attempt' | 'createdAt'>,
    signal: AbortSignal,
  ): Promise<InlineResult | StoredResult> {
    const { bytes, whole } = await readUpTo(body, this.#settings.inlineLimitBytes);
    if (whole) return this.#store(whole, contentType, lease, signal);
    const inline = { bytes, contentType };
    const fits = this.#fits(this.#success(inline));
    if (fits && bytes.byteLength <= RECORDED_RESULT_BYTES) return inline;
    const stored = await this.#store(single(bytes), contentType, lease, signal);
    if (lease.attempt > 1) return this.#inlined(stored, (result) => this.#success(result), signal);
    return fits ? { ...inline, stored } : stored;
  }

  /** A recorded outcome as it was published: what travelled inline and was recorded by reference is inline again. */
  async restore(outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
    if (outcome.status !== 'succeeded' || !('check' in outcome.result)) return outcome;
    const { result, ...rest } = outcome;
    return {
      ...rest,
      result: await this.#inlined(result, (inline) => ({ ...rest, result: inline }), signal),
    };
  }

  /**
   * The outcome with its result in the store, where it is inline; undefined where there is nothing to move.
   * @param lease of the attempt that ended the request
   */
  async byReference(
    outcome: Outcome,
    lease: Pick<Lease, 'attempt' | 'createdAt'>,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> {
    if (outcome.status !== 'succeeded' || 'check' in outcome.result) return undefined;
    const { bytes, contentType, stored } = outcome.result;
    const result = stored ?? (await this.#store(single(bytes), contentType, lease, signal));
    return this.copyForConsumer({ ...outcome, result }, signal);
  }

  /**
   * A raw outcome as its consumers can read it. Extended clients read every object as text and delete it: text is a
   * copy, a new one for every publication. What isn't text stays where it is.
   */
  async copyForConsumer(outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
    if (this.#settings.outputFormat !== 'raw') return outcome;
    if (outcome.status !== 'succeeded' || !('check' in outcome.result)) return outcome;
    try {
      return { ...outcome, result: await this.#copy(outcome.result, signal) };
    } catch (error) {
      // The object is gone. A reference is reported as such; a pointer would fail the reader's whole receive.
      if (error instanceof PermanentError)
        return { ...outcome, result: { ...outcome.result, isText: false } };
      throw error;
    }
  }

  async #copy(result: StoredResult, signal: AbortSignal): Promise<StoredResult> {
    const { store, clock, random } = this.#ports;
    const isText = result.isText ?? (await this.#isText(result, signal));
    if (!isText) return { ...result, isText };
    const key = resultKey(
      this.#settings.consumerCopyPrefix,
      this.#request,
      `copy ${clock.now()} ${random()}`,
    );
    return { ...(await store.copyForConsumer(result, key)), isText };
  }

  /** A stored result, inline if the outcome with it is one that travels so. */
  async #inlined(
    stored: StoredResult,
    outcomeWith: (result: InlineResult) => Outcome,
    signal: AbortSignal,
  ): Promise<InlineResult | StoredResult> {
    if (stored.size > this.#settings.inlineLimitBytes) return stored;
    try {
      const { body, discard } = await this.#ports.store.open(stored.check, signal);
      const { bytes } = await readUpTo(body, stored.size).finally(discard);
      const inline = { bytes, contentType: stored.contentType, stored };
      return this.#fits(outcomeWith(inline)) ? inline : stored;
    } catch (error) {
      // Gone (records may outlive results) or unreadable. The handler has succeeded: publish the reference.
      if (error instanceof PermanentError) return stored;
      throw error;
    }
  }

  /**
   * @throws ResultTooLarge for a result too large to copy for its consumer; this must fail before a success is recorded
   */
  async #store(
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    { attempt, createdAt }: Pick<Lease, 'attempt' | 'createdAt'>,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    const { store } = this.#ports;
    const key = keyOfResult(this.#settings.resultPrefix, this.#request, createdAt);
    if (this.#settings.outputFormat !== 'raw') return store.save(key, body, contentType, signal);
    const check = new Utf8Check();
    const stored = await store.save(key, check.pass(body), contentType, signal);
    // An earlier attempt may have stored another result.
    const isText = attempt > 1 ? await this.#isText(stored, signal) : check.isUtf8;
    if (isText && stored.size > store.maxCopyBytes) {
      throw new ResultTooLarge(stored.size, store.maxCopyBytes);
    }
    return { ...stored, isText };
  }

  async #isText({ check }: StoredResult, signal: AbortSignal): Promise<boolean> {
    const { body, discard } = await this.#ports.store.open(check, signal);
    return areUtf8(body).finally(discard);
  }

  #success(result: InlineResult): Outcome {
    return outcomeOf(this.#request, { status: 'succeeded', result }, this.#ports.clock.now());
  }

  /** Whether the queue takes the outcome as it is: it is measured as it is sent. */
  #fits(outcome: Outcome): boolean {
    const { output } = this.#ports;
    const message = encodeOutcome(outcome, this.#settings);
    return message !== undefined && output.sizeOf(message) <= output.maxMessageBytes;
  }
}
