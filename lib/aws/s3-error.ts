import { S3ServiceException } from '@aws-sdk/client-s3';

/** Whether an error is an S3 error with one of these names. */
export function isS3Error(error: unknown, ...names: readonly string[]): error is S3ServiceException {
  return error instanceof S3ServiceException && names.includes(error.name);
}

/**
 * Whether S3 rejected a request because of the object, so that it may accept the same request for another object. An
 * example is an object whose encryption key was deleted.
 */
export function isOfObject(error: unknown): boolean {
  if (!(error instanceof S3ServiceException) || isOfCaller(error)) return false;
  const { httpStatusCode = 500 } = error.$metadata;
  return httpStatusCode < 500;
}

/** Rejections that depend on the caller, the time or the rate. S3 passes on KMS's throttling as a 400. */
function isOfCaller({ name }: S3ServiceException): boolean {
  return ['RequestTimeout', 'RequestTimeTooSkewed', 'ExpiredToken'].includes(name) || /throttl/i.test(name);
}

/**
 * Whether an object is missing. S3 responds 403 for a missing object if the caller may not list the bucket. Responses
 * to HEAD have no error name.
 */
export function isAbsent(error: unknown): boolean {
  return error instanceof S3ServiceException && [403, 404].includes(error.$metadata.httpStatusCode ?? 0);
}

/** Whether an object, or this version of it, doesn't exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;
}

/** The region of the bucket, if S3's response names it. */
export function regionOfBucket({ $response }: S3ServiceException): string | undefined {
  return $response?.headers['x-amz-bucket-region'];
}
