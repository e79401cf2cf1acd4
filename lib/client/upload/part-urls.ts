import type { Api } from '../api.ts';
import { AnswerInvalid } from '../errors.ts';
import { type PartsUpload, readPartUrls } from './ticket.ts';

/** URLs per call: enough to need few calls, few enough that none expires before its part is sent. */
const URLS_PER_CALL = 16;

/** Fetches presigned URLs of parts shortly before they are needed. */
export class PartUrlSource {
  readonly #api: Api;
  readonly #requestId: string;
  readonly #upload: PartsUpload;
  readonly #signal: AbortSignal;
  readonly #blocks = new Map<number, Promise<ReadonlyMap<number, string>>>();

  constructor(api: Api, requestId: string, upload: PartsUpload, signal: AbortSignal) {
    this.#api = api;
    this.#requestId = requestId;
    this.#upload = upload;
    this.#signal = signal;
  }

  /** @param number of the part, from 1 */
  async urlOf(number: number): Promise<string> {
    const block = Math.floor((number - 1) / URLS_PER_CALL);
    const urls = this.#blocks.get(block) ?? this.#fetchBlock(block);
    this.#blocks.set(block, urls);
    return this.#pick(await urls, number);
  }

  /** A new URL for a part whose URL may have expired. */
  async freshUrlOf(number: number): Promise<string> {
    return this.#pick(await this.#fetch([number]), number);
  }

  #fetchBlock(block: number): Promise<ReadonlyMap<number, string>> {
    const first = block * URLS_PER_CALL + 1;
    const count = Math.min(URLS_PER_CALL, this.#upload.partCount - first + 1);
    return this.#fetch(Array.from({ length: count }, (_, index) => first + index));
  }

  async #fetch(numbers: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const answer = await this.#api.json({
      method: 'POST',
      path: this.#path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uploadName: this.#upload.uploadName, numbers }),
      signal: this.#signal,
    });
    return readPartUrls(answer);
  }

  #pick(urls: ReadonlyMap<number, string>, number: number): string {
    const url = urls.get(number);
    if (url === undefined) throw new AnswerInvalid(`POST ${this.#path}`, `a URL for part ${number}`, 'none');
    return url;
  }

  get #path(): string {
    return `/v1/uploads/${this.#requestId}/parts`;
  }
}
