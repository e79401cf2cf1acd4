import { setTimeout as sleep } from 'node:timers/promises';
import { Semaphore } from '../../lib/core/base/semaphore.ts';
import { arrivalsOf, seededRandom } from '../../lib/planner/random.ts';

/** A call that offered a request, and what the API said to it. */
export interface Offered {
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Of the response. */
  readonly status: number;
  /** The request's, if it was admitted. */
  readonly id: string | undefined;
}

/** How many requests come for how long. */
export interface Phase {
  readonly perSecond: number;
  readonly seconds: number;
}

/** How requests come. */
export interface Offer {
  readonly apiUrl: string;
  readonly body: string;
  /** One after the other. */
  readonly phases: readonly Phase[];
  /** Whether a client that is refused comes again after the time it is told, for as long as others come. */
  readonly comeBack: boolean;
}

/** How finely arrivals are spread. */
const TICK_MILLISECONDS = 20;

/**
 * Calls at a time; who comes meanwhile isn't sent yet. The local AWS starts a Node process for every further one, which
 * on a small machine takes longer than the calls it is for.
 */
const CONNECTIONS = 12;

const SEED = 1;

/** Offers requests as independent clients do: by chance, without waiting for each other's answers. @returns every call */
export async function offer({ apiUrl, body, phases, comeBack }: Offer): Promise<Offered[]> {
  const random = seededRandom(SEED);
  const connections = new Semaphore(CONNECTIONS);
  const over = new AbortController();
  const calls: Offered[] = [];
  const clients: Promise<void>[] = [];
  const client = async () => {
    do {
      const { retryAfterSeconds, ...call } = await connections.run(0, () => ask(apiUrl, body));
      calls.push(call);
      if (call.id !== undefined || !comeBack) return;
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

/** As many at a time as there are connections. */
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
  const { id }: { id?: string } = JSON.parse(await response.text());
  const retryAfterSeconds = Number(response.headers.get('Retry-After') ?? 0);
  return { sentAt, status: response.status, id, retryAfterSeconds };
}
