/** A signed call of an AWS API over HTTP. */
export interface RecordedCall {
  /** The name of its caller in its user agent; empty without one. */
  readonly caller: string;
  /** Whether its URL or its form is signed, so that it may come from anyone. */
  readonly presigned: boolean;
  /** The service's name in the signature. */
  readonly service: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** The headers that matter to IAM, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for the bytes of an object. */
  readonly body: string;
  /** Of the response. */
  readonly status: number;
}
