/**
 * The cache of discovered endpoints, in place of `@aws-sdk/endpoint-cache`, which the bundler replaces by this module. The client of
 * DynamoDB makes one and uses it only where endpoint discovery is turned on. The SDK's brings a library of caches, 7 KB of a start.
 */

/** An endpoint that a service named. */
export interface Endpoint {
  readonly Address: string;
  readonly CachePeriodInMinutes: number;
}

/** An endpoint, and until when it holds, in milliseconds since 1970. */
export interface EndpointWithExpiry {
  readonly Address: string;
  readonly Expires: number;
}

/** Endpoints by keys. Of too many keys, it drops those that were not used for longest. */
export class EndpointCache {
  readonly #capacity: number;
  /** In the order of their use. */
  readonly #endpoints = new Map<string, readonly EndpointWithExpiry[]>();

  /** @param capacity most keys */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** One of the endpoints that hold, at random. */
  getEndpoint(key: string): string | undefined {
    const endpoints = this.get(key) ?? [];
    return endpoints[Math.floor(Math.random() * endpoints.length)]?.Address;
  }

  /** The endpoints that hold; undefined if none does. */
  get(key: string): readonly EndpointWithExpiry[] | undefined {
    const known = this.#endpoints.get(key);
    if (!known) return undefined;
    this.#put(key, known);
    const now = Date.now();
    const holding = known.filter(({ Expires }) => now < Expires);
    if (holding.length > 0) return holding;
    this.delete(key);
    return undefined;
  }

  set(key: string, endpoints: readonly Endpoint[]): void {
    const now = Date.now();
    this.#put(
      key,
      endpoints.map(({ Address, CachePeriodInMinutes }) => ({
        Address,
        Expires: now + CachePeriodInMinutes * 60_000,
      })),
    );
  }

  delete(key: string): void {
    this.#put(key, []);
  }

  has(key: string): boolean {
    return (this.#endpoints.get(key)?.length ?? 0) > 0;
  }

  clear(): void {
    this.#endpoints.clear();
  }

  #put(key: string, endpoints: readonly EndpointWithExpiry[]): void {
    this.#endpoints.delete(key);
    this.#endpoints.set(key, endpoints);
    const [oldest = ''] = this.#endpoints.keys();
    if (this.#endpoints.size > this.#capacity) this.#endpoints.delete(oldest);
  }
}
