/** What an HTTP service said about a response besides its body. */
export interface ResponseHead {
  readonly status: number;
  /** Null if the response had none. */
  readonly contentType: string | null;
}

/** How a result came about, where the service's output format depends on it. */
export interface ResultSource {
  /** Present if it is the response of an HTTP service. */
  readonly response?: ResponseHead;
  /** Its consumers already have it: they got it in pieces, while it was produced. */
  readonly streamed?: true;
}
