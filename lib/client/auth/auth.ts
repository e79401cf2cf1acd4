/** A call to the API before it is signed. */
export interface UnsignedCall {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /**
   * Whether a browser follows the redirect to the store by itself, with every header except `Authorization`. The store
   * rejects headers of another signature, so the signature must then be in the query.
   */
  readonly followed: boolean;
}

/** What signing adds to a call. */
export interface Signature {
  /** Headers to add. */
  readonly headers?: Readonly<Record<string, string>>;
  /** URL to call instead, with a signature in its query. */
  readonly url?: URL;
}

/** Authenticates a call. It runs for every try of every call. */
export type Auth = (call: UnsignedCall) => Promise<Signature>;
