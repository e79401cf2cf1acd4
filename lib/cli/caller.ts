import { type Auth, bearer, sigv4 } from '../client/index.ts';
import { ConfigurationError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../local/environment.ts';

/** Who calls the API. */
export interface Caller {
  /** Absent for nobody in particular. */
  readonly auth?: Auth;
  /** For people: what the API was shown. */
  readonly shown: string;
  /** For people: what to do when the API refuses it. */
  readonly remedy: (status: number) => string;
}

/** Where a token comes from that the API doesn't get from anywhere else. */
const GIVE_A_TOKEN = 'give a token of its issuer by COATCHECK_TOKEN or --token';

/**
 * The bearer of the token if there is one, else the owner of the SDK's credentials. An API without TLS is a local one:
 * an emulator asks for a signature where API Gateway does, and doesn't verify it, so it gets one with credentials that
 * are worth nothing.
 * @throws ConfigurationError for a token that no header can hold
 */
export async function callerOf(apiUrl: string, token: string | undefined): Promise<Caller> {
  if (token) {
    assertToken(token);
    return { auth: bearer(token), shown: 'a token', remedy: remedyForToken };
  }
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol !== 'https:') {
    const auth = sigv4({ region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
    return { auth, shown: "the local AWS's credentials", remedy: remedyForLocal };
  }
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  const { config } = new CloudFormationClient();
  try {
    const region = regionOf(hostname) ?? (await config.region());
    await config.credentials();
    const auth = sigv4({ region, credentials: config.credentials });
    return { auth, shown: 'AWS credentials', remedy: remedyForCredentials };
  } catch (error) {
    // The API may be open to anyone; if it isn't, it says so.
    const problem = messageOf(error);
    return { shown: `neither a token nor AWS credentials (${problem})`, remedy: remedyForNothing };
  }
}

/** The message doesn't quote it: it is a secret. @throws ConfigurationError */
function assertToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new ConfigurationError(
    `The token in COATCHECK_TOKEN or --token must be printable ASCII without spaces or line breaks, got ${token.length} characters with another one among them`,
  );
}

/** API Gateway says 401 of a token it can't verify, 403 of one that lacks a scope. */
function remedyForToken(status: number): string {
  if (status === 403) return 'check that the token has the scopes and the tenant claim that the API asks for';
  return 'check that the token has not expired and is of the issuer and the audience that the API was deployed with';
}

/** API Gateway says 401 where it takes tokens only, and 403 of everything that is wrong with a signature. */
function remedyForCredentials(status: number): string {
  if (status === 401) return `the API takes tokens, not AWS credentials: ${GIVE_A_TOKEN}`;
  return (
    'grant them execute-api:Invoke on the API, in CDK by service.grantInvokeApi(role); ' +
    'check by aws sts get-caller-identity that they are the ones you mean and have not expired'
  );
}

function remedyForLocal(): string {
  return `the API takes tokens: ${GIVE_A_TOKEN}`;
}

function remedyForNothing(status: number): string {
  if (status === 401) return `the API takes tokens: ${GIVE_A_TOKEN}`;
  return 'set AWS credentials, for example by AWS_PROFILE or aws sso login, that may do execute-api:Invoke on the API';
}

/** Of an API at its own address; one at a domain of its user's doesn't tell. */
function regionOf(hostname: string): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
}
