import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { queryText } from '../url.ts';
import type { Auth, UnsignedCall } from './auth.ts';

/** Keys of an AWS account, as the SDK's credential providers return them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Options of {@link sigv4}. */
export interface SigV4Options {
  /** Region of the API. */
  readonly region: string;
  /** Credentials, or a provider that is called for every call; the SDK's providers cache. */
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Signing name of the service. @default 'execute-api' */
  readonly service?: string;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Tracers add these headers after a call is signed. */
const TRACING_HEADERS = new Set(['traceparent', 'tracestate', 'baggage']);

/** Validity of a signature in a query: the same as in a header. */
const QUERY_SIGNATURE_SECONDS = 300;

/**
 * Authenticates with AWS Signature Version 4, for an API with IAM authorization.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function sigv4({ region, credentials, service = 'execute-api', now = Date.now }: SigV4Options): Auth {
  // The signature covers the checksum anyway; only Amazon S3 requires it as a header.
  const signer = new SignatureV4({ region, credentials, service, sha256: Sha256, applyChecksum: false });
  return async (call) => {
    const options = { signingDate: new Date(now()), unsignableHeaders: TRACING_HEADERS };
    if (call.followed) {
      const { query } = await signer.presign(signable(call), {
        ...options,
        expiresIn: QUERY_SIGNATURE_SECONDS,
      });
      return { url: withQuery(call.url, query ?? {}) };
    }
    const { headers } = await signer.sign(signable(call), options);
    return { headers: added(headers) };
  };
}

function signable({ method, url, headers, body }: UnsignedCall) {
  return {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: queryOf(url),
    headers: { ...headers, host: url.host },
    body,
  };
}

function queryOf({ searchParams }: URL): Record<string, string[]> {
  return Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
}

/** The headers that the signer added, except the host, which browsers don't let a caller set. */
function added(headers: Readonly<Record<string, string>>): Record<string, string> {
  const names = ['authorization', 'x-amz-date', 'x-amz-security-token'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}

function withQuery(url: URL, query: Readonly<Record<string, string | string[] | null>>): URL {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => [name, value] as const),
  );
  const signed = new URL(url);
  signed.search = queryText(pairs);
  return signed;
}
