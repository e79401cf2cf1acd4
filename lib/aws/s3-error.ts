import { S3ServiceException } from '@aws-sdk/client-s3';

/** Whether S3 answered with an error of one of these names. */
export function isS3Error(error: unknown, ...names: readonly string[]): error is S3ServiceException {
  return error instanceof S3ServiceException && names.includes(error.name);
}

/**
 * Whether S3 refused what it was asked, and might not refuse another object: one that is encrypted with a key that is
 * gone, say.
 */
export function isOfObject(error: unknown): boolean {
  if (!(error instanceof S3ServiceException) || isOfCaller(error)) return false;
  const { httpStatusCode = 500 } = error.$metadata;
  return httpStatusCode < 500;
}

/** Refusals that are about who asks, when, and how often; KMS's throttling comes through S3 as a 400. */
function isOfCaller({ name }: S3ServiceException): boolean {
  return ['RequestTimeout', 'RequestTimeTooSkewed', 'ExpiredToken'].includes(name) || /throttl/i.test(name);
}

/** Whether an object isn't there. Without leave to list the bucket, S3 denies one that isn't; HEAD's answers have no name. */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && [403, 404].includes(error.$metadata.httpStatusCode ?? 0);
}

/** The region of the bucket that a refusal is about, where S3 says so. */
export function regionOfBucket({ $response }: S3ServiceException): string | undefined {
  return $response?.headers['x-amz-bucket-region'];
}
