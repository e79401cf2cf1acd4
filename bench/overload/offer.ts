import { setTimeout as sleep } from 'node:timers/promises';
import type { TimeRange } from 'coatcheck/client';
import { Semaphore } from '../../lib/core/base/semaphore.ts';
import { arrivalsOf, seededRandom } from '../../lib/planner/random.ts';

/** A call that submits a request, and the API's response. */
export interface Offered {
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Of the response. */
  readonly status: number;
  /** The request's, if it was admitted. */
  readonly id: string | undefined;
  /** When it ends, as the response says, if it does. */
  readonly endsAbout?: TimeRange;
}

/** An arrival rate and its duration. */
export interface Phase {
  readonly perSecond: number;
  readonly seconds: number;
}

/** How requests arrive. */
export interface Offer {
  readonly apiUrl: string;
  readonly body: string;
  /** One after the other. */
  readonly phases: readonly Phase[];
  /** Whether rejected clients retry after `Retry-After`, as long as other requests arrive. */
  readonly retries: boolean;
}

/** Interval of arrivals. */
const TICK_MILLISECONDS = 20;

/**
 * Concurrent calls; further ones wait. The local AWS starts a Node process for each concurrent call, which takes longer
 * than the call on a small machine.
 */
const CONNECTIONS = 12;

const SEED = 1;

/** Sends requests like independent clients, at random times. @returns every call */
export async function offer({ apiUrl, body, phases, retries }: Offer): Promise<Offered[]> {
  const random = seededRandom(SEED);
  const connections = new Semaphore(CONNECTIONS);
  const over = new AbortController();
  const calls: Offered[] = [];
  const clients: Promise<void>[] = [];
  const client = async () => {
    do {
      const { retryAfterSeconds, ...call } = await connections.run({}, () => ask(apiUrl, body));
      calls.push(call);
      if (call.id !== undefined || !retries) return;
      await sleep(retryAfterSeconds * 1_000, undefined, { signal: over.signal }).catch(() => {});
    } while (!over.signal.aborted);
  };
  let began = performance.now();
  for (const { perSecond, seconds } of phases) {
    for (let tick = 0; tick < (seconds * 1_000) / TICK_MILLISECONDS; tick++) {
      await sleep(Math.max(0, began + tick * TICK_MILLISECONDS - performance.now()));
      const arrivals = arrivalsOf((perSecond * TICK_MILLISECONDS) / 1_000, random);
      for (let arrival = 0; arrival < arrivals; arrival++) clients.push(client());
    }
    began += seconds * 1_000;
  }
  over.abort();
  await Promise.all(clients);
  return calls;
}

/** Warms up as many processes as there are connections. */
export async function warmUp(apiUrl: string): Promise<void> {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => (await fetch(`${apiUrl}/v1/status`)).arrayBuffer()),
  );
}

async function ask(apiUrl: string, body: string): Promise<Offered & { readonly retryAfterSeconds: number }> {
  const sentAt = Date.now();
  const response = await fetch(`${apiUrl}/v1/requests`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  });
  const { id, endsAbout }: { id?: string; endsAbout?: TimeRange } = JSON.parse(await response.text());
  const retryAfterSeconds = Number(response.headers.get('Retry-After') ?? 0);
  return { sentAt, status: response.status, id, endsAbout, retryAfterSeconds };
}
