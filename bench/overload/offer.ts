import { setTimeout as sleep } from 'node:timers/promises';
import { arrivalsOf, seededRandom } from '../../lib/core/capacity/random.ts';
import { Slots } from '../../lib/core/slots.ts';

/** A request that was offered, and what the API said to it. */
export interface Offered {
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Of the response. */
  readonly status: number;
  /** The request's, if it was admitted. */
  readonly id: string | undefined;
}

/** How requests come. */
export interface Offer {
  readonly apiUrl: string;
  readonly body: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/** How finely arrivals are spread. */
const TICK_MILLISECONDS = 20;

/**
 * Calls at a time; who comes meanwhile isn't sent yet. The local AWS starts a Node process for every further one, which
 * on a small machine takes longer than the calls it is for.
 */
const CONNECTIONS = 12;

const SEED = 1;

/** Offers requests as independent clients do: by chance, without waiting for each other's answers, and each once. */
export async function offer({ apiUrl, body, perSecond, seconds }: Offer): Promise<Offered[]> {
  const random = seededRandom(SEED);
  const connections = new Slots(CONNECTIONS);
  const offered: Promise<Offered>[] = [];
  const began = performance.now();
  for (let tick = 0; tick < (seconds * 1_000) / TICK_MILLISECONDS; tick++) {
    await sleep(Math.max(0, began + tick * TICK_MILLISECONDS - performance.now()));
    const arrivals = arrivalsOf((perSecond * TICK_MILLISECONDS) / 1_000, random);
    for (let arrival = 0; arrival < arrivals; arrival++) {
      offered.push(connections.run(0, () => ask(apiUrl, body)));
    }
  }
  return Promise.all(offered);
}

/** As many at a time as there are connections. */
export async function warmUp(apiUrl: string): Promise<void> {
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => (await fetch(`${apiUrl}/v1/status`)).arrayBuffer()),
  );
}

async function ask(apiUrl: string, body: string): Promise<Offered> {
  const sentAt = Date.now();
  const response = await fetch(`${apiUrl}/v1/requests`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body,
  });
  const { id }: { id?: string } = JSON.parse(await response.text());
  return { sentAt, status: response.status, id };
}
