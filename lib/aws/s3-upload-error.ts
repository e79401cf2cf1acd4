import { UploadIncomplete, UploadUnknown } from '../core/ports/client-transfers.ts';
import { isS3Error } from './s3-error.ts';

/** Translates errors of S3 about the parts of an upload, or about an upload that is gone. Returns any other error unchanged. */
export function uploadErrorOf(error: unknown): unknown {
  // S3 responds InvalidRequest if the size isn't that of the parts.
  if (isS3Error(error, 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'InvalidRequest')) {
    return new UploadIncomplete(error.message, error);
  }
  return isS3Error(error, 'NoSuchUpload') ? new UploadUnknown(error) : error;
}
