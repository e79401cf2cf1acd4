import { type Auth, bearer, sigv4 } from '../client/index.ts';

/** Who calls the API. */
export interface Caller {
  /** Absent for nobody in particular. */
  readonly auth?: Auth;
  /** For people: what the API was shown. */
  readonly shown: string;
}

/**
 * The bearer of the token if there is one, else whoever the SDK's credentials belong to. An API without TLS is none of
 * API Gateway's, but a local one, which asks for nothing.
 */
export async function callerOf(apiUrl: string, token: string | undefined): Promise<Caller> {
  if (token) return { auth: bearer(token), shown: 'a token' };
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol !== 'https:') return { shown: 'no token' };
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  const { config } = new CloudFormationClient();
  try {
    const region = regionOf(hostname) ?? (await config.region());
    await config.credentials();
    return { auth: sigv4({ region, credentials: config.credentials }), shown: 'AWS credentials' };
  } catch (error) {
    // The API may be open to anyone; if it isn't, it says so.
    const problem = error instanceof Error ? error.message : String(error);
    return { shown: `neither a token nor AWS credentials (${problem})` };
  }
}

/** Of an API at its own address; one at a domain of its user's doesn't tell. */
function regionOf(hostname: string): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
}
