import { CoatcheckError } from '../core/base/errors.ts';

/** The local AWS didn't take the CORS configuration of an API. */
class CorsUnset extends CoatcheckError {
  readonly code = 'cors_unset';
}

type Properties = Readonly<Record<string, unknown>>;

/** An HTTP API as `GET /v2/apis` has it, as far as it is looked at. */
interface HttpApi {
  readonly apiId: string;
  readonly corsConfiguration?: Properties;
}

/**
 * Has browsers' preflight requests answered by the HTTP APIs of a local AWS. MiniStack 1.5.33 stores what CloudFormation
 * says of CORS under CloudFormation's names, `AllowOrigins`, and reads it under those of the API, `allowOrigins`: every
 * preflight gets 403. An update of the API with the same values by the right names helps. Another emulator has nothing
 * to correct.
 * @throws CorsUnset
 */
export async function correctCors(endpoint: string, signal?: AbortSignal): Promise<void> {
  const apis = await call(endpoint, 'GET', '/v2/apis', signal);
  const { items } = Object(await apis.json().catch(() => undefined));
  if (!Array.isArray(items)) return;
  for (const { apiId, corsConfiguration } of items as readonly HttpApi[]) {
    if (!corsConfiguration || !Object.keys(corsConfiguration).some(isOfCloudFormation)) continue;
    const body = JSON.stringify({ corsConfiguration: byApiNames(corsConfiguration) });
    const { ok, status } = await call(endpoint, 'PATCH', `/v2/apis/${apiId}`, signal, body);
    if (!ok) throw new CorsUnset(`${endpoint} answered ${status} when the CORS of the API ${apiId} was set`);
  }
}

/** By hand: a client of the SDK for two calls is a large dependency, and an emulator verifies no signature. */
function call(endpoint: string, method: string, path: string, signal?: AbortSignal, body?: string) {
  const scope = '20260101/us-east-1/apigateway/aws4_request';
  return fetch(endpoint + path, {
    method,
    signal,
    body,
    // Emulators find the service by the signature's scope.
    headers: { Authorization: `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=host, Signature=0` },
  });
}

function isOfCloudFormation(name: string): boolean {
  return /^[A-Z]/.test(name);
}

function byApiNames(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
}
