import type { Clock } from '../ports/clock.ts';
import type { StoredEndpoints, WebhookEndpointReader } from '../ports/webhooks.ts';

/** How long a list of endpoints is used. Outcomes are sent to a new endpoint after this time at the latest. */
export const ENDPOINTS_AGE_SECONDS = 20;

/** Most lists that are kept, so that many tenants don't fill the memory. */
const MAX_LISTS = 1_000;

interface CachedList {
  readonly list: Promise<StoredEndpoints>;
  /** When the read began, in milliseconds since 1970. */
  readonly readAt: number;
}

/** Reads the endpoints of a tenant at most once in {@link ENDPOINTS_AGE_SECONDS}, where each read costs money. */
export class CachedEndpoints implements WebhookEndpointReader {
  readonly #endpoints: WebhookEndpointReader;
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #lists = new Map<string | undefined, CachedList>();

  constructor(endpoints: WebhookEndpointReader, clock: Clock) {
    this.#endpoints = endpoints;
    this.#clock = clock;
  }

  read(tenant: string | undefined): Promise<StoredEndpoints> {
    const now = this.#clock.now();
    const cached = this.#lists.get(tenant);
    if (cached && now - cached.readAt < ENDPOINTS_AGE_SECONDS * 1000) return cached.list;
    const read = { list: this.#endpoints.read(tenant), readAt: now };
    this.#lists.delete(tenant);
    this.#lists.set(tenant, read);
    read.list.catch(() => {
      if (this.#lists.get(tenant) === read) this.#lists.delete(tenant);
    });
    const [[oldest] = []] = this.#lists;
    if (this.#lists.size > MAX_LISTS) this.#lists.delete(oldest);
    return read.list;
  }
}
