import { S3ServiceException } from '@aws-sdk/client-s3';

/** Whether S3 answered with an error of one of these names. */
export function isS3Error(error: unknown, ...names: readonly string[]): error is S3ServiceException {
  return error instanceof S3ServiceException && names.includes(error.name);
}
