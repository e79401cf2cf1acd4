/**
 * The credentials of deployed functions, in place of `@aws-sdk/credential-provider-node`, which the bundler replaces by
 * this module. Lambda puts credentials into the environment; it names an endpoint for them instead where an environment
 * outlives its credentials (SnapStart). The other providers of the SDK, for profiles, SSO, processes and instances, are
 * a quarter of what a function would load, and none of them finds anything in Lambda.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import { fromEnv } from '@aws-sdk/credential-provider-env';
import { CredentialsProviderError, memoize } from '@smithy/core/config';
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';

/** How long before they expire credentials are replaced, as in the SDK. */
const RENEWAL_MILLISECONDS = 300_000;

/** Takes credentials from the environment, or from the endpoint that it names. @throws CredentialsProviderError */
export function defaultProvider(): AwsCredentialIdentityProvider {
  return memoize(readCredentials, credentialsTreatedAsExpired, credentialsWillNeedRefresh);
}

/** Whether credentials expire at all. */
export function credentialsWillNeedRefresh({ expiration }: AwsCredentialIdentity): boolean {
  return expiration !== undefined;
}

/** Whether credentials have expired, or are about to. */
export function credentialsTreatedAsExpired({ expiration }: AwsCredentialIdentity): boolean {
  return expiration !== undefined && expiration.getTime() - Date.now() < RENEWAL_MILLISECONDS;
}

async function readCredentials(): Promise<AwsCredentialIdentity> {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) return fromEnv()();
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI } = process.env;
  if (AWS_CONTAINER_CREDENTIALS_FULL_URI || AWS_CONTAINER_CREDENTIALS_RELATIVE_URI) {
    const { fromHttp } = await import('@aws-sdk/credential-provider-http');
    return fromHttp()();
  }
  throw new CredentialsProviderError(
    'No AWS credentials: a bundled function takes them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from ' +
      'AWS_CONTAINER_CREDENTIALS_FULL_URI, as Lambda sets them, and none of these is set. It has no providers for ' +
      'profiles, SSO, credential processes or instance metadata. To run it elsewhere, set the variables, for a profile ' +
      'by eval "$(aws configure export-credentials --format env)", or give your own client its credentials',
  );
}
