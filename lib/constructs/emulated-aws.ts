/** Domains of AWS itself: all partitions, dual-stack and interface endpoints. */
const AWS_HOST = /(?:^|\.)(?:amazonaws|amazonwebservices)\.|\.aws\.?$/i;

/**
 * Where the AWS is that one deploys to, when it isn't AWS itself: an emulator that `AWS_ENDPOINT_URL` names.
 * @returns its URL without a slash at the end, or undefined
 */
export function emulatorEndpoint(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const endpoint = variables.AWS_ENDPOINT_URL ?? '';
  const host = URL.parse(endpoint)?.hostname;
  return host && !AWS_HOST.test(host) ? endpoint.replace(/\/+$/, '') : undefined;
}
