import { readUpTo, single } from '../base/byte-streams.ts';
import { JSON_TYPE } from '../base/media-type.ts';
import type { Outcome } from '../model/outcome.ts';
import { parseOutcome, serializeOutcome } from '../model/outcome-json.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import { keyOfResult } from '../model/result-key.ts';
import type { PayloadStore } from '../ports/payload-store.ts';

/**
 * Stores an outcome that can't be recorded next to the result, so that the next attempt needn't run the handler again.
 */
export class OutcomeRecovery {
  readonly #store: PayloadStore;
  readonly #key: string;

  /** @param createdAt when the request's record was created, in milliseconds since 1970 */
  constructor(request: RequestIdentity, createdAt: number, store: PayloadStore, resultPrefix: string) {
    this.#store = store;
    this.#key = `${keyOfResult(resultPrefix, request, createdAt)}.outcome`;
  }

  async keep(outcome: Outcome, signal: AbortSignal): Promise<void> {
    await this.#store.save(this.#key, single(Buffer.from(serializeOutcome(outcome))), JSON_TYPE, signal);
  }

  async find(signal: AbortSignal): Promise<Outcome | undefined> {
    const opened = await this.#store.recall(this.#key, signal);
    if (!opened) return undefined;
    const { bytes } = await readUpTo(opened.body, Number.POSITIVE_INFINITY);
    return parseOutcome(Buffer.from(bytes).toString());
  }
}
