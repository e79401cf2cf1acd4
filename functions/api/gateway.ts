import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { isJsonType } from '../../lib/core/media-type.ts';

/** A call as a web-standard request. Its host stands for whichever the API is called by: nothing depends on it. */
export function requestOf(event: APIGatewayProxyEventV2): Request {
  const { rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext } = event;
  const { method } = requestContext.http;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  return new Request(`https://api.invalid${rawPath}${query}`, {
    method,
    headers: Object.entries(headers).map(([name, value = '']) => [name, value]),
    body:
      body === undefined || BODILESS.has(method)
        ? undefined
        : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  });
}

/** Methods whose requests have no body, whatever somebody sends. */
const BODILESS = new Set(['GET', 'HEAD']);

/** A response as the gateway takes it. What isn't JSON travels as base64: its bytes may be no text. */
export async function resultOf(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const isBase64Encoded = !isJsonType(response.headers.get('content-type') ?? '');
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
}
