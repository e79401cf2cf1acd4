import type { APIGatewayProxyEventV2 } from 'aws-lambda';

const BODY = JSON.stringify({ x: 6, y: 7, note: 'a small payload' });

/** API Gateway's event for a small request. */
export function gatewayEvent(headers: Readonly<Record<string, string>>): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: 'POST /v1/{proxy+}',
    rawPath: '/v1/requests',
    rawQueryString: '',
    headers: {
      accept: '*/*',
      'content-length': String(BODY.length),
      'content-type': 'application/json',
      host: 'api.execute-api.us-east-1.amazonaws.com',
      'user-agent': 'client',
      ...headers,
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'api.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'api',
      http: {
        method: 'POST',
        path: '/v1/requests',
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'client',
      },
      requestId: 'request',
      routeKey: 'POST /v1/{proxy+}',
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 1_767_225_600_000,
    },
    body: BODY,
    isBase64Encoded: false,
  };
}
