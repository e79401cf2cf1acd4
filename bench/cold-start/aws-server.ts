import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type AwsRequest, InProcessAws } from '../support/in-process-aws.ts';

const CERTIFICATE_FILE = fixture('aws-certificate.pem');

/** A simulated SQS and DynamoDB of this process for other processes. */
export interface AwsServer extends AsyncDisposable {
  /** The environment variables with which the SDK calls this server. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Starts a server on the loopback address. It speaks TLS like AWS, because the SDK loads other modules for plain HTTP.
 * Its table forgets every item, so that each process is the first one.
 */
export async function startAwsServer(): Promise<AwsServer> {
  const aws = new InProcessAws();
  const certificate = { cert: readFileSync(CERTIFICATE_FILE), key: readFileSync(fixture('aws-key.pem')) };
  const server = createServer(certificate, async (request, response) => {
    const { statusCode, headers, body } = aws.answer(await awsRequestOf(request));
    response.writeHead(statusCode, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return {
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_ENDPOINT_URL: `https://127.0.0.1:${address.port}`,
      NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE,
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function awsRequestOf(request: IncomingMessage): Promise<AwsRequest> {
  const target = request.headers['x-amz-target'];
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: typeof target === 'string' ? { 'x-amz-target': target } : {},
    body: await buffer(request),
  };
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}
