import { CoatcheckError } from '../core/base/errors.ts';

/** The local AWS rejected the CORS configuration of an API. */
class CorsUnset extends CoatcheckError {
  override readonly name = 'CorsUnset';
  readonly code = 'cors_unset';
}

type Properties = Readonly<Record<string, unknown>>;

/** The relevant members of an HTTP API in `GET /v2/apis`. */
interface HttpApi {
  readonly apiId: string;
  readonly corsConfiguration?: Properties;
}

/**
 * Makes the HTTP APIs of a local AWS answer preflight requests of browsers. MiniStack 1.5.33 stores CORS rules under
 * CloudFormation's names (`AllowOrigins`) but reads them under the API's (`allowOrigins`), so that every preflight gets
 * 403. Updates the APIs with the same values under the right names. Does nothing on other emulators.
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
    if (!ok)
      throw new CorsUnset(
        `Setting the CORS rules of the API ${apiId} failed: ${endpoint} answered ${status}`,
      );
  }
}

/** Without the SDK: a client for two calls is a large dependency, and an emulator verifies no signatures. */
function call(endpoint: string, method: string, path: string, signal?: AbortSignal, body?: string) {
  const scope = '20260101/us-east-1/apigateway/aws4_request';
  return fetch(endpoint + path, {
    method,
    signal,
    body,
    // Emulators route by the signature's scope.
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
