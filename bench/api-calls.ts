/** AWS calls and cost of a call of the HTTP API, counted where the SDK would send them. */

import { NUMBER_SETTINGS } from '../lib/core/config/settings.ts';
import type { ProcessorRequest } from '../lib/core/processor/handler.ts';
import { InProcessService } from './support/in-process-service.ts';
import { dollarsAMillion } from './support/price-of.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';

/** A measured operation; its preparation isn't counted. */
interface Scenario {
  readonly name: string;
  readonly before?: (service: InProcessService) => Promise<string>;
  /** @param id request of the preparation */
  readonly counted: (service: InProcessService, id: string) => Promise<unknown>;
  /** Number of requests. @default 1 */
  readonly requests?: number;
  /** Whether its instances are new. @default false */
  readonly cold?: boolean;
}

const BATCH_SIZE = 10;
/** Most requests of one call. */
const BATCHED = 100;
const PAGE = 20;
/** Number of parts of 64 MiB in the payload of {@link openUpload}. */
const PART_NUMBERS = Array.from({ length: 75 }, (_, part) => part + 1);
const KEY = { 'Idempotency-Key': 'key' };
const SMALL = JSON.stringify({ x: 6, y: 7 });
const LARGE = Buffer.alloc(NUMBER_SETTINGS.inlineLimitBytes.default + 1);

const SCENARIOS: readonly Scenario[] = [
  { name: 'POST, small', counted: (service) => submit(service, SMALL) },
  { name: 'POST, small, with an idempotency key', counted: (service) => submit(service, SMALL, KEY) },
  {
    name: `POST of a batch of ${BATCHED}, a request`,
    counted: (service) =>
      service.call(
        200,
        'POST',
        '/v1/requests:batch',
        json({ requests: Array.from({ length: BATCHED }, () => ({ json: { x: 6, y: 7 } })) }),
      ),
    requests: BATCHED,
  },
  {
    name: 'the same again',
    before: (service) => submit(service, SMALL, KEY),
    counted: (service) => submit(service, SMALL, KEY),
  },
  { name: 'POST, above the inline limit', counted: (service) => submit(service, LARGE) },
  { name: 'upload ticket for a form', counted: (service) => openUpload(service, false) },
  { name: 'upload ticket for parts', counted: (service) => openUpload(service, true) },
  {
    name: `URLs of ${PART_NUMBERS.length} parts`,
    before: (service) => openUpload(service, true),
    counted: (service, id) =>
      service.call(
        200,
        'POST',
        `/v1/uploads/${id}/parts`,
        json({ uploadName: 'upload', numbers: PART_NUMBERS }),
      ),
  },
  {
    name: 'parts complete',
    before: (service) => openUpload(service, true),
    counted: (service, id) =>
      service.call(
        202,
        'POST',
        `/v1/uploads/${id}/complete`,
        json({ uploadName: 'upload', parts: PART_NUMBERS.map((number) => ({ number, etag: '"etag"' })) }),
      ),
  },
  {
    name: 'GET status',
    before: (service) => submit(service, SMALL),
    counted: (service, id) => service.call(200, 'GET', `/v1/requests/${id}`),
  },
  {
    name: 'GET result, inline',
    before: (service) => succeeded(service, SMALL),
    counted: (service, id) => service.call(200, 'GET', `/v1/requests/${id}/result`),
  },
  {
    name: 'GET result, stored',
    before: (service) => succeeded(service, LARGE),
    counted: (service, id) => service.call(303, 'GET', `/v1/requests/${id}/result`),
  },
  {
    name: 'cancel a queued request',
    before: (service) => submit(service, SMALL),
    counted: (service, id) => service.call(200, 'POST', `/v1/requests/${id}/cancel`),
  },
  {
    name: `GET a list of ${PAGE}`,
    before: async (service) => {
      for (let request = 0; request <= PAGE; request++) await submit(service, SMALL);
      return '';
    },
    counted: (service) => service.call(200, 'GET', `/v1/requests?limit=${PAGE}`),
  },
  {
    name: 'from POST to succeeded',
    counted: async (service) => {
      for (let request = 0; request < BATCH_SIZE; request++) await submit(service, SMALL);
      await service.deliver();
    },
    requests: BATCH_SIZE,
  },
  {
    name: 'reading the load, an instance of the API',
    counted: (service) => service.call(200, 'GET', '/v1/status'),
    cold: true,
  },
  {
    name: 'writing the load, an instance of the processor',
    counted: ({ load }) =>
      load.add(Date.now(), { completed: 1, handled: 1, milliseconds: 1, releases: 1, squares: 1 }),
    cold: true,
  },
];

await runBenchmark('AWS calls of the HTTP API', async (): Promise<Report> => {
  const rows: Row[] = [];
  for (const scenario of SCENARIOS) rows.push(await rowOf(scenario));
  return {
    rows,
    notes: [
      `Dollars per million, us-east-1, for these calls alone. A new record takes one more write, to the index that lists it. From POST to succeeded is the share of one request in a batch of ${BATCH_SIZE}: the calls of the API and of the processor.`,
      'The load is read and written at most every 5 s by instances with work, however many requests they have.',
      'Not counted: API Gateway, $1 a million calls; Lambda; the event source; calls of clients to the links that they get.',
    ],
  };
});

async function rowOf({ name, before, counted, requests = 1, cold = false }: Scenario): Promise<Row> {
  const service = new InProcessService(handler, LARGE);
  // The first calls and batches take more, because they read and write the load.
  if (!cold) await succeeded(service, SMALL);
  const id = (await before?.(service)) ?? '';
  service.aws.calls.clear();
  service.table.units = { reads: 0, writes: 0 };
  await counted(service, id);
  const { calls } = service.aws;
  return {
    call: name,
    'AWS calls': sum(calls.values()) / requests,
    which: [...calls].map(([operation, count]) => `${times(count / requests)}${operation}`).join(', '),
    '$ a million': dollarsAMillion(calls, service.table.units) / requests,
  };
}

/** Returns its input. */
function handler(request: ProcessorRequest): Promise<Uint8Array> {
  return request.bytes();
}

/** @returns the request id */
async function submit(
  service: InProcessService,
  payload: string | Buffer<ArrayBuffer>,
  headers = {},
): Promise<string> {
  const response = await service.call(202, 'POST', '/v1/requests', { body: payload, headers });
  const { id }: { id: string } = JSON.parse(await response.text());
  return id;
}

/** @returns the request id */
async function succeeded(service: InProcessService, payload: string | Buffer<ArrayBuffer>): Promise<string> {
  const id = await submit(service, payload);
  await service.deliver();
  return id;
}

/** @returns the request id */
async function openUpload(service: InProcessService, multipart: boolean): Promise<string> {
  const order = { size: 5_000_000_000, contentType: 'text/csv', multipart };
  const response = await service.call(201, 'POST', '/v1/uploads', json(order));
  const { request }: { request: { id: string } } = JSON.parse(await response.text());
  return request.id;
}

function json(body: unknown): RequestInit {
  return { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

/** `3 × `; empty for 1. */
function times(count: number): string {
  return count === 1 ? '' : `${count} × `;
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
