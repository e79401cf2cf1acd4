/** Domains of AWS in all partitions, including dual-stack and interface endpoints. */
const AWS_HOST = /(?:^|\.)(?:amazonaws|amazonwebservices)\.|\.aws\.?$/i;

/**
 * The URL of the AWS emulator that is the target of the deployment, from `AWS_ENDPOINT_URL`.
 * @returns the URL without a trailing slash, or undefined if the target is AWS
 */
export function emulatorEndpoint(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const endpoint = variables.AWS_ENDPOINT_URL ?? '';
  const host = URL.parse(endpoint)?.hostname;
  return host && !AWS_HOST.test(host) ? endpoint.replace(/\/+$/, '') : undefined;
}
