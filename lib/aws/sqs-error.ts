/** Refusals of SQS that pass by themselves, though they look like the caller's fault. */
const PASSING =
  /Throttl|OverLimit|RequestLimitExceeded|TooManyRequests|RequestTimeout|TooSkewed|NotYetCurrent/;

/** Whether SQS said what trying again can't change: there is no such queue, or it may not be read. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Nobody to sign as.
  if (error.name === 'CredentialsProviderError') return true;
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 429 && !PASSING.test(error.name);
}

/** The HTTP status of an error that AWS answered with. */
function statusOf(error: object): number | undefined {
  if (!('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
