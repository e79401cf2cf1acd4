import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type HttpProblem, ProblemError } from '../api/problem.ts';
import { contentEncodingOf } from '../core/base/content-coding.ts';
import { isJsonType } from '../core/base/media-type.ts';
import { sentPath } from './api-gateway-path.ts';

/** Converts an event to a web-standard request. Its host is a placeholder that nothing depends on. */
export function requestOf(event: APIGatewayProxyEventV2): Request {
  const { rawPath, rawQueryString, headers, cookies = [], requestContext } = event;
  const { method } = requestContext.http;
  const query = rawQueryString === '' ? '' : `?${rawQueryString}`;
  return new Request(`https://api.invalid${sentPath(rawPath)}${query}`, {
    method,
    headers: [
      ...Object.entries(headers).map(([name, value = '']): [string, string] => [name, bytewise(value)]),
      ...(cookies.length > 0 ? [['cookie', bytewise(cookies.join('; '))] as [string, string]] : []),
    ],
    body: BODILESS.has(method) ? undefined : bodyOf(event),
    duplex: 'half',
  });
}

/** The body as it was sent. If it can't be restored, reading it fails. */
function bodyOf({ body, isBase64Encoded, headers }: APIGatewayProxyEventV2): RequestInit['body'] {
  if (body === undefined) return undefined;
  if (!isBase64Encoded && contentEncodingOf(headers['content-encoding'])) return failing(ENCODED_TEXT);
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const sentBytes = headers['content-length'];
  if (isBase64Encoded || sentBytes === undefined || Number(sentBytes) === bytes.byteLength) return bytes;
  return body.includes(REPLACED) ? failing(NOT_UTF_8) : bytes;
}

/** The replacement for bytes that aren't UTF-8 in a body that API Gateway passes on as text. */
const REPLACED = '\uFFFD';

const NOT_UTF_8: HttpProblem = {
  status: 415,
  code: 'content_type_invalid',
  detail:
    'A body of this content type must be UTF-8: send it as application/octet-stream, or by way of an upload',
};

/** API Gateway decides by the content type alone, and converted bytes to text that aren't text. */
const ENCODED_TEXT: HttpProblem = {
  status: 415,
  code: 'content_encoding_unsupported',
  detail:
    'A body of this content type can have no Content-Encoding here: send it as application/octet-stream, or by way of an upload',
  headers: { 'Accept-Encoding': 'identity' },
};

function failing(problem: HttpProblem): ReadableStream {
  return new ReadableStream({ start: (controller) => controller.error(new ProblemError(problem)) });
}

/** A header's value as requests expect it, with one character for each byte. */
function bytewise(value: string): string {
  return Buffer.from(value).toString('latin1');
}

/** Methods whose requests can't have a body. */
const BODILESS = new Set(['GET', 'HEAD']);

/** Converts a response for API Gateway. Bodies other than JSON in UTF-8 are base64, since they may not be text. */
export async function resultOf(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const { 'set-cookie': _, ...headers } = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  const isBase64Encoded = !(isJsonType(response.headers.get('content-type') ?? '') && isUtf8(bytes));
  return {
    statusCode: response.status,
    headers,
    ...(cookies.length > 0 && { cookies }),
    body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
}
