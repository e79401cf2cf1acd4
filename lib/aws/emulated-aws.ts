/** Whether S3 is an emulator's, which has no DNS name for each bucket. */
export function isEmulated(variables: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(variables.AWS_ENDPOINT_URL_S3 || variables.AWS_ENDPOINT_URL);
}
