import type { Api } from '../api.ts';
import { AnswerInvalid } from '../errors.ts';
import { type PartsUpload, partUrlsOf } from './ticket.ts';

/** URLs fetched at a time: few calls, and none of the URLs gets old before its part's turn. */
const URLS_AT_ONCE = 16;

/** Gets URLs for parts shortly before they are needed. */
export class PartUrls {
  readonly #api: Api;
  readonly #requestId: string;
  readonly #way: PartsUpload;
  readonly #signal: AbortSignal;
  readonly #blocks = new Map<number, Promise<ReadonlyMap<number, string>>>();

  constructor(api: Api, requestId: string, way: PartsUpload, signal: AbortSignal) {
    this.#api = api;
    this.#requestId = requestId;
    this.#way = way;
    this.#signal = signal;
  }

  /** @param number of the part, from 1 */
  async urlOf(number: number): Promise<string> {
    const block = Math.floor((number - 1) / URLS_AT_ONCE);
    const urls = this.#blocks.get(block) ?? this.#fetchBlock(block);
    this.#blocks.set(block, urls);
    return this.#pick(await urls, number);
  }

  /** A new URL, for a part whose last one may have expired. */
  async freshUrlOf(number: number): Promise<string> {
    return this.#pick(await this.#fetch([number]), number);
  }

  #fetchBlock(block: number): Promise<ReadonlyMap<number, string>> {
    const first = block * URLS_AT_ONCE + 1;
    const count = Math.min(URLS_AT_ONCE, this.#way.partCount - first + 1);
    return this.#fetch(Array.from({ length: count }, (_, index) => first + index));
  }

  async #fetch(numbers: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const answer = await this.#api.json({
      method: 'POST',
      path: this.#path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uploadName: this.#way.uploadName, numbers }),
      signal: this.#signal,
    });
    return partUrlsOf(answer);
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
