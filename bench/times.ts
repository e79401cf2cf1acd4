/** How many requests begin and end within the ranges that they are given while they wait, in a service in one process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processor } from 'coatcheck';
import { openService, type RequestView, type Service } from 'coatcheck/embedded';
import { arrivalsOf, seededRandom } from '../lib/planner/random.ts';
import { lengthOf } from './support/length.ts';
import { type Report, type Row, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { median } from './support/statistics.ts';

const TICKETS = lengthOf(2_500, 60);
const CONCURRENCY = 10;
const MEAN_MILLISECONDS = lengthOf(200, 20);
const TICK_MILLISECONDS = 10;
const PHASE_SECONDS = lengthOf(5, 0.5);
/** Arrivals relative to what the service completes, one phase after the other, again and again. */
const PHASES = [
  { load: 2.5, seconds: PHASE_SECONDS },
  { load: 0.3, seconds: PHASE_SECONDS },
] as const;
const WARM_UP = lengthOf(200, 50);
/** Tickets that aren't counted: the service has been under this load for a while. */
const UNCOUNTED = lengthOf(800, 10);
const SEED = 7;

interface Way {
  readonly name: string;
  /** How long a handler takes, as a multiple of the mean. */
  readonly timeOf: (random: () => number) => number;
  readonly tenants: number;
}

const exponential = (random: () => number) => -Math.log(1 - random());

const WAYS: readonly Way[] = [
  { name: 'always the same', timeOf: () => 1, tenants: 0 },
  { name: 'exponentially distributed', timeOf: exponential, tenants: 0 },
  {
    name: 'one in ten takes 20 times as long',
    timeOf: (random) => (random() < 0.1 ? 20 : 1) / 2.9,
    tenants: 0,
  },
  { name: 'exponentially distributed, 20 tenants', timeOf: exponential, tenants: 20 },
];

/** The forecast of a ticket, at a time. */
type Ranges = Pick<RequestView, 'startsAbout' | 'endsAbout'>;

interface Ticket {
  readonly submittedAt: number;
  atSubmission?: Ranges;
  halfway?: Ranges;
  startedAt: number;
  endedAt: number;
}

await runBenchmark('Forecasts of waiting requests', async (note): Promise<Report> => {
  const rows: Row[] = [];
  const all: Ticket[] = [];
  for (const way of WAYS) {
    note(`handling times: ${way.name}`);
    const tickets = await ticketsOf(way);
    rows.push(rowOf(way.name, tickets));
    all.push(...tickets);
  }
  rows.push(rowOf('all', all));
  return {
    rows,
    notes: [
      `${TICKETS.toLocaleString('en-US')} requests of each kind, handled ${CONCURRENCY} at a time, ${MEAN_MILLISECONDS} ms on average. They arrive at random, for ${PHASE_SECONDS} s at ${PHASES[0].load} times the rate that the service completes and for as long at ${PHASES[1].load} times, in turns.`,
      'A ticket asks when it is submitted, and again when half of the time until the middle of its range is over. Inside: it began, or ended, within the range, of those that got one. Nine of ten should.',
    ],
  };
});

async function ticketsOf({ timeOf, tenants }: Way): Promise<readonly Ticket[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-times-'));
  const random = seededRandom(SEED);
  const tickets: Ticket[] = [];
  const handler = processor(async (request) => {
    const index = Number(await request.text());
    const ticket = tickets[index];
    if (ticket) ticket.startedAt = Date.now();
    await sleep(MEAN_MILLISECONDS * timeOf(random));
    if (ticket) ticket.endedAt = Date.now();
  });
  await using service = await openService({
    file: join(folder, 'service.db'),
    processor: handler,
    output: false,
    settings: { concurrency: CONCURRENCY },
    logger: silentLogger,
  });
  const perSecond = await warmUp(service);
  const clients: Promise<void>[] = [];
  let began = performance.now();
  const all = UNCOUNTED + TICKETS;
  while (clients.length < all) {
    for (const { load, seconds } of PHASES) {
      for (let tick = 0; tick < (seconds * 1_000) / TICK_MILLISECONDS; tick++) {
        await sleep(Math.max(0, began + tick * TICK_MILLISECONDS - performance.now()));
        const arrivals = arrivalsOf((load * perSecond * TICK_MILLISECONDS) / 1_000, random);
        for (let arrival = 0; arrival < arrivals && clients.length < all; arrival++) {
          const tenant = tenants === 0 ? undefined : `tenant-${Math.floor(random() * tenants)}`;
          clients.push(followTicket(service, tickets, tenant));
        }
      }
      began += seconds * 1_000;
    }
  }
  await Promise.all(clients);
  await service.close();
  await rm(folder, { recursive: true });
  return tickets.slice(UNCOUNTED);
}

/** @returns how many requests the service completes a second */
async function warmUp(service: Service): Promise<number> {
  const ids = await Promise.all(
    Array.from({ length: WARM_UP }, async () => (await service.submit('warm-up')).id),
  );
  const began = performance.now();
  await Promise.all(ids.map((id) => service.wait(id)));
  return WARM_UP / ((performance.now() - began) / 1_000);
}

async function followTicket(service: Service, tickets: Ticket[], tenant: string | undefined): Promise<void> {
  const ticket: Ticket = { submittedAt: Date.now(), startedAt: 0, endedAt: 0 };
  const index = tickets.push(ticket) - 1;
  const { id } = await service.submit(String(index), { tenant });
  const forecast = await service.request(id, { tenant });
  if (ticket.startedAt === 0) ticket.atSubmission = forecast;
  const { from, to } = forecast?.startsAbout ?? {};
  if (from && to) {
    await sleep(Math.max(0, (from.getTime() + to.getTime()) / 2 - Date.now()) / 2);
    if (ticket.startedAt === 0) {
      const again = await service.request(id, { tenant });
      if (ticket.startedAt === 0) ticket.halfway = again;
    }
  }
  await service.wait(id, { tenant });
}

function rowOf(name: string, tickets: readonly Ticket[]): Row {
  const waits = tickets.map(({ submittedAt, startedAt }) => (startedAt - submittedAt) / 1_000);
  const seen = tickets.filter(({ atSubmission }) => atSubmission !== undefined);
  const ranged = seen.filter(({ atSubmission }) => atSubmission?.startsAbout);
  return {
    'handling times': name,
    tickets: tickets.length,
    'wait p50 s': median(waits),
    'longest s': Math.max(...waits),
    'got a range %': (100 * ranged.length) / seen.length,
    'began inside, by the range at submission %': insideShare(tickets, ({ atSubmission, startedAt }) => [
      atSubmission?.startsAbout,
      startedAt,
    ]),
    'by the range halfway %': insideShare(tickets, ({ halfway, startedAt }) => [
      halfway?.startsAbout,
      startedAt,
    ]),
    'ended inside %': insideShare(tickets, ({ atSubmission, endedAt }) => [atSubmission?.endsAbout, endedAt]),
    'range p50 s':
      ranged.length === 0 ? '-' : median(ranged.map(({ atSubmission }) => widthOf(atSubmission))),
  };
}

function insideShare(
  tickets: readonly Ticket[],
  of: (ticket: Ticket) => [Ranges['startsAbout'], number],
): number | string {
  const known = tickets.map(of).flatMap(([range, at]) => (range ? [{ ...range, at }] : []));
  const inside = known.filter(({ from, to, at }) => at >= from.getTime() && at <= to.getTime());
  return known.length === 0 ? '-' : (100 * inside.length) / known.length;
}

function widthOf({ startsAbout }: Ranges = {}): number {
  return startsAbout ? (startsAbout.to.getTime() - startsAbout.from.getTime()) / 1_000 : 0;
}
