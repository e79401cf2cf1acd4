import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as open,
  type ServerResponse,
} from 'node:http';
import { seededRandom } from '../../lib/planner/random.ts';
import { sumOf } from '../support/statistics.ts';

/** Faults of a call, before or after AWS has executed it. */
const TROUBLES = [
  'refused',
  'cut off before',
  'cut off after',
  'unanswered before',
  'unanswered after',
] as const;

/** A fault of a call. */
export type Trouble = (typeof TROUBLES)[number];

/** Faults per 1,000 calls. An unanswered call costs its caller seconds. */
const PER_MILLE: Readonly<Record<Trouble, number>> = {
  refused: 10,
  'cut off before': 8,
  'cut off after': 10,
  'unanswered before': 0.6,
  'unanswered after': 0.6,
};

/** Share of faulty calls whose retries fail in the same way. */
const STUBBORN_SHARE = 0.4;

/** Path prefix of HTTP APIs. */
const API_PATH = '/_aws/execute-api/';

/** A proxy to an AWS that disturbs calls at random. */
export interface ChaosProxy extends AsyncDisposable {
  readonly url: string;
  /** Number of faults by service and kind, counting every try. */
  readonly troubles: ReadonlyMap<string, ReadonlyMap<Trouble, number>>;
  readonly calls: () => number;
}

/** Options of the proxy. */
export interface Chaos {
  readonly seed: number;
  /** Services to disturb, by their names in signatures, and `execute-api`. */
  readonly services: ReadonlySet<string>;
}

/** Starts a proxy to an AWS. */
export async function openChaosProxy(endpoint: string, { seed, services }: Chaos): Promise<ChaosProxy> {
  const random = seededRandom(seed);
  const agent = new Agent({ keepAlive: true });
  const troubles = new Map<string, Map<Trouble, number>>();
  /** Faults of calls that are retried, by the SDK's invocation id. */
  const stubborn = new Map<string, Trouble | undefined>();
  let calls = 0;

  const troubleOf = (request: IncomingMessage, service: string): Trouble | undefined => {
    if (!services.has(service)) return undefined;
    const call = textOf(request.headers['amz-sdk-invocation-id']);
    if (call !== undefined && stubborn.has(call)) return stubborn.get(call);
    const trouble = drawTrouble(random());
    if (call !== undefined && trouble) stubborn.set(call, random() < STUBBORN_SHARE ? trouble : undefined);
    return trouble;
  };

  const server = createServer(async (request, response) => {
    calls++;
    const service = serviceOf(request);
    const trouble = troubleOf(request, service);
    if (trouble) {
      const counts = troubles.get(service) ?? new Map<Trouble, number>();
      troubles.set(service, counts.set(trouble, (counts.get(trouble) ?? 0) + 1));
    }
    try {
      const body = await bodyOf(request);
      if (trouble === 'refused') return refuse(response, service);
      if (trouble === 'cut off before') return void request.socket.destroy();
      if (trouble === 'unanswered before') return;
      const answer = await forward(endpoint, agent, request, body);
      if (trouble === 'cut off after') return void request.socket.destroy();
      if (trouble === 'unanswered after') return;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      request.socket.destroy(); // either the caller or its AWS ended too early
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    troubles,
    calls: () => calls,
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Number of disturbed calls so far, counting every try. */
export function troubledCalls({ troubles }: Pick<ChaosProxy, 'troubles'>): number {
  return sumOf(troubles.values(), (counts) => sumOf(counts.values(), (count) => count));
}

function drawTrouble(luck: number): Trouble | undefined {
  let left = luck * 1_000;
  return TROUBLES.find((trouble) => {
    left -= PER_MILLE[trouble];
    return left < 0;
  });
}

/** The service's name in the signature. */
function serviceOf({ url = '', headers }: IncomingMessage): string {
  if (url.startsWith(API_PATH)) return 'execute-api';
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** An error in the service's format that the SDK retries. */
function refuse(response: ServerResponse, service: string): void {
  if (service === 's3') {
    const xml =
      '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>';
    response.writeHead(503, { 'Content-Type': 'application/xml' }).end(xml);
  } else if (service === 'execute-api') {
    const body = '{"message":"Service Unavailable"}';
    response.writeHead(503, { 'Content-Type': 'application/json' }).end(body);
  } else {
    const body = '{"__type":"ThrottlingException","message":"Rate exceeded"}';
    response.writeHead(400, { 'Content-Type': 'application/x-amz-json-1.0' }).end(body);
  }
}

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

async function forward(
  endpoint: string,
  agent: Agent,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const { host, connection, 'transfer-encoding': _, ...kept } = headers;
  const forwarded = open(new URL(url ?? '/', endpoint), {
    method,
    agent,
    headers: { ...kept, 'content-length': body.byteLength },
  });
  forwarded.end(body);
  const [response]: [IncomingMessage] = (await once(forwarded, 'response')) as [IncomingMessage];
  const answer = await bodyOf(response);
  const { connection: ignored, 'transfer-encoding': __, ...answered } = response.headers;
  return { status: response.statusCode ?? 500, headers: answered, body: answer };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
