import { type Auth, bearer, sigv4 } from '../client/index.ts';
import { ConfigurationError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../local/environment.ts';
import { TOKEN_VARIABLE } from './service-options.ts';

/** How the program authenticates to the API. */
export interface ApiCredentials {
  /** Absent without credentials. */
  readonly auth?: Auth;
  /** What the program sent, for error messages. */
  readonly description: string;
  /** Options of curl that send the same from a shell, quoted for it. Secrets are variables of the environment. */
  readonly curlOptions: readonly string[];
  /** What to do when the API rejects it, for error messages. */
  readonly remedy: (status: number) => string;
}

const PASS_A_TOKEN =
  'pass one in COATCHECK_TOKEN or by --token: a key of coatcheck serve (COATCHECK_API_KEYS there), or a token of the issuer of an API on AWS';

/**
 * Finds credentials for the API: the token if there is one, else the SDK's AWS credentials. An API without TLS is local.
 * An emulator requires a signature where API Gateway does but doesn't verify it, so it gets one with dummy credentials.
 * @throws ConfigurationError for a token that a header can't hold
 */
export async function findCredentials(apiUrl: string, token: string | undefined): Promise<ApiCredentials> {
  if (token) {
    assertToken(token);
    const curlOptions = [`-H "authorization: Bearer $${TOKEN_VARIABLE}"`];
    return { auth: bearer(token), description: 'a token', curlOptions, remedy: remedyForToken };
  }
  const { protocol, hostname } = new URL(apiUrl);
  if (protocol !== 'https:') {
    const auth = sigv4({ region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
    const { accessKeyId, secretAccessKey } = LOCAL_CREDENTIALS;
    return {
      auth,
      description: 'no token',
      curlOptions: [signedFor(LOCAL_REGION), `--user ${accessKeyId}:${secretAccessKey}`],
      remedy: remedyForLocal,
    };
  }
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  const { config } = new CloudFormationClient();
  try {
    const region = regionOf(hostname) ?? (await config.region());
    await config.credentials();
    const auth = sigv4({ region, credentials: config.credentials });
    const curlOptions = [
      signedFor(region),
      '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
      // curl leaves out a header without a value.
      '-H "x-amz-security-token: $AWS_SESSION_TOKEN"',
    ];
    return { auth, description: 'AWS credentials', curlOptions, remedy: remedyForCredentials };
  } catch (error) {
    // The API may be open to anyone. If it isn't, its 401 or 403 gets the remedy.
    const problem = messageOf(error);
    const description = `neither a token nor AWS credentials (${problem})`;
    return { description, curlOptions: [], remedy: remedyForNothing };
  }
}

function signedFor(region: string): string {
  return `--aws-sigv4 aws:amz:${region}:execute-api`;
}

/** The message doesn't quote the token, because it is a secret. @throws ConfigurationError */
function assertToken(token: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new ConfigurationError(
    `The token in COATCHECK_TOKEN or --token must be printable ASCII without spaces or line breaks; the given token (${token.length} characters) has others`,
  );
}

/** API Gateway answers 401 to a token that it can't verify, and 403 to one that lacks a scope. */
function remedyForToken(status: number): string {
  if (status === 403) return 'check that the token has the scopes and the tenant claim that the API requires';
  return (
    'check that the token is a key of coatcheck serve (COATCHECK_API_KEYS there), or for an API on AWS that it has not ' +
    'expired, and that its issuer and audience are those that the API was deployed with'
  );
}

/** API Gateway answers 401 if it accepts only tokens, and 403 to anything wrong with a signature. */
function remedyForCredentials(status: number): string {
  if (status === 401) return `the API accepts tokens, not AWS credentials: ${PASS_A_TOKEN}`;
  return (
    'grant them execute-api:Invoke on the API, in the CDK by service.grantInvokeApi(role); ' +
    'check with aws sts get-caller-identity that they are the right ones and have not expired'
  );
}

function remedyForLocal(): string {
  return `the API needs a token: ${PASS_A_TOKEN}`;
}

function remedyForNothing(status: number): string {
  if (status === 401) return `the API needs a token: ${PASS_A_TOKEN}`;
  return 'set AWS credentials with the permission execute-api:Invoke on the API, for example by AWS_PROFILE or aws sso login';
}

/** Undefined for a custom domain. */
function regionOf(hostname: string): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1];
}
