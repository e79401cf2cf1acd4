import { readBeginning, single } from './beginning.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';
import { PermanentError, ResultTooLarge } from './errors.ts';
import { type InlineResult, type Outcome, outcomeOf } from './outcome.ts';
import { encodeOutcome } from './output/encode.ts';
import type { StoredResult } from './ports.ts';
import { digestOf } from './request-id.ts';
import type { RecordedRequest } from './request-record.ts';
import type { ResultBody } from './result.ts';
import { resultKey } from './result-key.ts';
import { RECORDED_RESULT_BYTES } from './settings.ts';

/** Where the result of one request is kept: in its outcome if that fits a message, else in the store. */
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
   * @param attempt which attempt returned it: one before it may have stored another result, and the first one counts
   */
  async keep(
    { body, contentType }: ResultBody,
    attempt: number,
    signal: AbortSignal,
  ): Promise<InlineResult | StoredResult> {
    const { bytes, whole } = await readBeginning(body, this.#settings.inlineLimitBytes);
    if (whole) return this.#store(whole, contentType, signal);
    const inline = { bytes, contentType };
    const fits = this.#fits(inline);
    if (fits && bytes.byteLength <= RECORDED_RESULT_BYTES) return inline;
    const stored = await this.#store(single(bytes), contentType, signal);
    if (attempt > 1) return this.#inlined(stored, signal);
    return fits ? { ...inline, stored } : stored;
  }

  /** A recorded outcome as it was published: what travelled inline and was recorded by reference is inline again. */
  async restore(outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
    if (outcome.status !== 'succeeded' || !('check' in outcome.result)) return outcome;
    return { ...outcome, result: await this.#inlined(outcome.result, signal) };
  }

  /** Consumers of raw outcomes delete what they fetched: theirs is a copy, a new one for every publication. */
  async lend(outcome: Outcome): Promise<Outcome> {
    if (this.#settings.outputFormat !== 'raw') return outcome;
    if (outcome.status !== 'succeeded' || !('check' in outcome.result)) return outcome;
    const { store, chance } = this.#ports;
    // A copy for each publication: its consumer deletes it, and the outcome published again must find its own.
    const copy = digestOf('copy', String(chance.now()), String(chance.random()));
    const key = `${resultKey(this.#settings.disposablePrefix, this.#request)}/${copy}`;
    return { ...outcome, result: await store.lend(outcome.result, key) };
  }

  /** A stored result, inline if it is one that travels so. */
  async #inlined(stored: StoredResult, signal: AbortSignal): Promise<InlineResult | StoredResult> {
    if (stored.size > this.#settings.inlineLimitBytes) return stored;
    try {
      const { body, discard } = await this.#ports.store.open(stored.check, signal);
      const { bytes } = await readBeginning(body, stored.size).finally(discard);
      const inline = { bytes, contentType: stored.contentType, stored };
      return this.#fits(inline) ? inline : stored;
    } catch (error) {
      // Gone (records may be kept longer than results) or unreadable: the work is done, and the reference tells so.
      if (error instanceof PermanentError) return stored;
      throw error;
    }
  }

  /** @throws ResultTooLarge when it couldn't be lent: that must show before it is recorded as a success */
  async #store(
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    const { store } = this.#ports;
    const key = resultKey(this.#settings.resultPrefix, this.#request);
    const stored = await store.save(key, body, contentType, signal);
    if (this.#settings.outputFormat === 'raw' && stored.size > store.maxLentBytes) {
      throw new ResultTooLarge(stored.size, store.maxLentBytes);
    }
    return stored;
  }

  #fits(result: InlineResult): boolean {
    const { output, chance } = this.#ports;
    const outcome = outcomeOf(this.#request, { status: 'succeeded', result }, chance.now());
    const message = encodeOutcome(outcome, this.#settings);
    return message !== undefined && output.sizeOf(message) <= output.maxBytes;
  }
}
