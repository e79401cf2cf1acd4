/** Names of transient SQS errors that have a 4xx status. */
const TRANSIENT =
  /Throttl|OverLimit|RequestLimitExceeded|TooManyRequests|RequestTimeout|TooSkewed|NotYetCurrent/;

/** Whether a retry can't help: the queue doesn't exist, for example, or access is denied. */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'CredentialsProviderError') return true;
  const status = statusOf(error);
  return (
    status !== undefined && status >= 400 && status < 500 && status !== 429 && !TRANSIENT.test(error.name)
  );
}

/** The HTTP status of an SDK error. */
function statusOf(error: object): number | undefined {
  if (!('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
