/**
 * Whether bucket names must be in the path of S3's URLs: an endpoint that is set by a variable is taken for an
 * emulator, which has no host name for each bucket.
 */
export function needsPathStyle(variables: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(variables.AWS_ENDPOINT_URL_S3 || variables.AWS_ENDPOINT_URL);
}
