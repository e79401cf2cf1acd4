/** A call to the API before it is signed. */
export interface UnsignedCall {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /**
   * Whether the browser will follow a redirect to the store by itself, with every header but `Authorization`. The store
   * refuses headers that sign for somebody else: a signature must be in the query then.
   */
  readonly followed: boolean;
}

/** What makes a call a signed one. */
export interface Signature {
  /** Headers to add. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The URL to call instead, for a signature in the query. */
  readonly url?: URL;
}

/** Proves to the API who calls. It is asked anew for every try of every call. */
export type Auth = (call: UnsignedCall) => Promise<Signature>;
