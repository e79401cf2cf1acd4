/**
 * The cache of discovered endpoints, in place of `@aws-sdk/endpoint-cache`, which the bundler replaces by this module. The
 * client of DynamoDB makes one and uses it only if endpoint discovery is turned on. The SDK's own cache brings a library of
 * 7 KB, which a start would load.
 */

/** An endpoint that a service named. */
export interface Endpoint {
  readonly Address: string;
  readonly CachePeriodInMinutes: number;
}

/** An endpoint, and when it expires, in milliseconds since 1970. */
export interface EndpointWithExpiry {
  readonly Address: string;
  readonly Expires: number;
}

/** Endpoints by keys. Drops the least recently used keys if there are too many. */
export class EndpointCache {
  readonly #capacity: number;
  /** In the order of their use. */
  readonly #endpoints = new Map<string, readonly EndpointWithExpiry[]>();

  /** @param capacity most keys */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** One of the endpoints that haven't expired, at random. */
  getEndpoint(key: string): string | undefined {
    const endpoints = this.get(key) ?? [];
    return endpoints[Math.floor(Math.random() * endpoints.length)]?.Address;
  }

  /** The endpoints that haven't expired; undefined if all have. */
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
