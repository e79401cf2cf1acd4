/** How a sender wants an HTTP service to be called, as far as its message says so. */
export interface HttpCall {
  /** The method, as the sender wrote it. */
  readonly method?: string;
  /** The path, perhaps with a query, as the sender wrote it. */
  readonly path?: string;
  /** The headers, by the names that the sender wrote. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** What of a call messages may choose. */
export const CALL_PARTS = ['method', 'path', 'headers'] as const;

/** A part of a call that messages may choose. */
export type CallPart = (typeof CALL_PARTS)[number];
