import { readUpTo, single } from '../base/byte-streams.ts';
import { PermanentError, ResultInvalid } from '../base/errors.ts';
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
import { utf8Text } from '../wire/message-text.ts';
import type { EnginePorts } from './engine-ports.ts';
import { ResultTooLarge } from './errors.ts';

/** Where a result belongs. */
interface ResultPlace extends Pick<Lease, 'mayHaveResult' | 'createdAt'> {
  /** Unique for each completion that commits writes too. @default - the place is that of every attempt */
  readonly completion?: string;
}

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
   * Keeps a handler's result. An inline result that is too large for a record is stored as well.
   * @param place if a result may have been stored before, that one counts
   */
  async keep(
    { body, ...described }: ResultBody,
    place: ResultPlace,
    signal: AbortSignal,
  ): Promise<InlineResult | StoredResult> {
    const about = this.#isAlwaysInline ? described : { contentType: described.contentType };
    // Consumers already have a streamed result.
    const mustBeInline = this.#isAlwaysInline && !described.streamed;
    const limit = mustBeInline ? this.#inlineLimitBytes : this.#settings.inlineLimitBytes;
    const { bytes, whole } = await readUpTo(body, limit);
    if (whole && mustBeInline) {
      await discard(whole);
      throw new ResultTooLarge(undefined, limit);
    }
    if (whole) return this.#store(whole, about, place, signal);
    const inline = { bytes, ...about };
    const fits = this.#fits(this.#success(inline));
    if (!fits && mustBeInline) throw this.#unpublishable(bytes);
    if (fits && bytes.byteLength <= RECORDED_RESULT_BYTES) return inline;
    const stored = await this.#store(single(bytes), about, place, signal);
    if (place.mayHaveResult) return this.#inlined(stored, (result) => this.#success(result), signal);
    return fits ? { ...inline, stored } : stored;
  }

  /** Restores a recorded outcome to its published form: an inline result that was recorded by reference is inline again. */
  async restore(outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
    if (outcome.status !== 'succeeded' || !('check' in outcome.result)) return outcome;
    const { result, ...rest } = outcome;
    return {
      ...rest,
      result: await this.#inlined(result, (inline) => ({ ...rest, result: inline }), signal),
    };
  }

  /**
   * Moves an inline result to the store. @returns undefined if the result isn't inline
   * @param createdAt when the request's record was created, in milliseconds since 1970
   */
  async byReference(outcome: Outcome, createdAt: number, signal: AbortSignal): Promise<Outcome | undefined> {
    if (outcome.status !== 'succeeded' || 'check' in outcome.result) return undefined;
    const { bytes, stored, ...about } = outcome.result;
    const result =
      stored ?? (await this.#store(single(bytes), about, { createdAt, mayHaveResult: true }, signal));
    return this.copyForConsumer({ ...outcome, result }, signal);
  }

  /**
   * Prepares a raw outcome for its consumers. Extended clients read every object as text and delete it, so every
   * publication of text gets a new copy. Other results aren't copied, and neither are those for several consumers: the
   * first one would delete the copy.
   */
  async copyForConsumer(outcome: Outcome, signal: AbortSignal): Promise<Outcome> {
    if (this.#settings.outputFormat !== 'raw') return outcome;
    if (outcome.status !== 'succeeded' || !('check' in outcome.result)) return outcome;
    const asReference = { ...outcome, result: { ...outcome.result, isText: false } };
    if (this.#ports.output.fansOut) return asReference;
    try {
      return { ...outcome, result: await this.#copy(outcome.result, signal) };
    } catch (error) {
      // The object is gone. A reference is reported as such; a pointer would fail the reader's whole receive.
      if (error instanceof PermanentError) return asReference;
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

  /** Loads a stored result inline if its outcome fits a message. */
  async #inlined(
    stored: StoredResult,
    outcomeWith: (result: InlineResult) => Outcome,
    signal: AbortSignal,
  ): Promise<InlineResult | StoredResult> {
    if (stored.size > this.#inlineLimitBytes) return stored;
    try {
      const { body, discard } = await this.#ports.store.open(stored.check, signal);
      const { bytes } = await readUpTo(body, stored.size).finally(discard);
      const { contentType, response, streamed } = stored;
      const source = { ...(response && { response }), ...(streamed && { streamed }) };
      const inline = { bytes, contentType, ...source, stored };
      return this.#fits(outcomeWith(inline)) ? inline : stored;
    } catch (error) {
      // The result is gone (records may outlive results) or unreadable. The handler succeeded: publish the reference.
      if (error instanceof PermanentError) return stored;
      throw error;
    }
  }

  /**
   * @throws ResultTooLarge for a result too large to copy for its consumer; this must fail before a success is recorded
   */
  async #store(
    body: AsyncIterable<Uint8Array>,
    { contentType, ...source }: Omit<ResultBody, 'body'>,
    { mayHaveResult, createdAt, completion }: ResultPlace,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    const { store } = this.#ports;
    const key = keyOfResult(this.#settings.resultPrefix, this.#request, createdAt, completion);
    if (this.#settings.outputFormat !== 'raw' || this.#ports.output.fansOut) {
      return { ...(await store.save(key, body, contentType, signal)), ...source };
    }
    const check = new Utf8Check();
    const stored = await store.save(key, check.pass(body), contentType, signal);
    const isText = mayHaveResult ? await this.#isText(stored, signal) : check.isUtf8;
    if (isText && stored.size > store.maxCopyBytes) {
      throw new ResultTooLarge(stored.size, store.maxCopyBytes);
    }
    return { ...stored, isText };
  }

  async #isText({ check }: StoredResult, signal: AbortSignal): Promise<boolean> {
    const { body, discard } = await this.#ports.store.open(check, signal);
    return areUtf8(body).finally(discard);
  }

  /** Consumers of this format read no references to stored results. */
  get #isAlwaysInline(): boolean {
    return this.#settings.outputFormat === 'truefoundry';
  }

  get #inlineLimitBytes(): number {
    const { inlineLimitBytes, maxBufferedBytes } = this.#settings;
    if (!this.#isAlwaysInline) return inlineLimitBytes;
    return Math.min(this.#ports.output.maxMessageBytes, maxBufferedBytes);
  }

  /** Why a result that must be inline can't be. */
  #unpublishable(bytes: Uint8Array): PermanentError {
    if (utf8Text(bytes) !== undefined) return new ResultTooLarge(undefined, this.#inlineLimitBytes);
    return new ResultInvalid(
      `it isn't text in UTF-8, as the output format ${this.#settings.outputFormat} requires`,
    );
  }

  #success(result: InlineResult): Outcome {
    return outcomeOf(this.#request, { status: 'succeeded', result }, this.#ports.clock.now());
  }

  /** Whether the encoded outcome fits a message of the queue. */
  #fits(outcome: Outcome): boolean {
    const { output } = this.#ports;
    const message = encodeOutcome(outcome, this.#settings);
    return message !== undefined && output.sizeOf(message) <= output.maxMessageBytes;
  }
}

/** Ends a stream that isn't read further. */
async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body) break;
}
