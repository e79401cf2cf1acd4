/** Receives from a SQLite queue in which many messages wait: the oldest first, and tenants in turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageTable } from '../lib/stores/sqlite/message-table.ts';
import { SqliteFile } from '../lib/stores/sqlite/sqlite-file.ts';
import { TenantTurns } from '../lib/stores/sqlite/tenant-turns.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';

const ROUNDS = lengthOf(5, 1);
const WAITING = lengthOf(100_000, 1_000);
const RECEIVED = lengthOf(10_000, 100);
const BATCH = 10;
const CHUNK = 1_000;
const HIDDEN_MILLISECONDS = 3_600_000;

interface Way {
  readonly name: string;
  /** 0 for messages without a tenant. */
  readonly tenants: number;
  readonly inTurns: boolean;
}

const WAYS: readonly Way[] = [
  { name: 'no tenants, the oldest first', tenants: 0, inTurns: false },
  { name: 'no tenants, in turns', tenants: 0, inTurns: true },
  { name: '50 tenants, the oldest first', tenants: 50, inTurns: false },
  { name: '1 tenant, in turns', tenants: 1, inTurns: true },
  { name: '50 tenants, in turns', tenants: 50, inTurns: true },
  { name: '10,000 tenants, in turns', tenants: 10_000, inTurns: true },
];

await runBenchmark('Receives from SQLite', async (note): Promise<Report> => {
  const runs = WAYS.map(() => [] as { readonly perSecond: number; readonly cpuMicroseconds: number }[]);
  for (let round = 1; round <= ROUNDS; round++) {
    note(`round ${round} of ${ROUNDS}`);
    for (const [index, way] of WAYS.entries()) runs[index]?.push(await measure(way));
  }
  return {
    rows: WAYS.map(({ name }, index) => {
      const of = (figure: 'perSecond' | 'cpuMicroseconds') =>
        median((runs[index] ?? []).map((run) => run[figure]));
      return { way: name, 'messages/s': of('perSecond'), 'CPU µs a message': of('cpuMicroseconds') };
    }),
    notes: [
      `Medians of ${ROUNDS} files, in turns. ${WAITING} messages wait, of as many tenants; ${RECEIVED} of them are received, ${BATCH} at a time, and each is deleted.`,
    ],
  };
});

async function measure({ tenants, inTurns }: Way) {
  const folder = await mkdtemp(join(tmpdir(), 'coatcheck-bench-'));
  const file = await SqliteFile.open(join(folder, 'queue.db'), { synchronous: 'normal' });
  const table = new MessageTable(file, 'requests');
  const turns = new TenantTurns(file, 'requests');
  if (inTurns && tenants > 0) await turns.begin();
  const sentAt = Date.now();
  for (let sent = 0; sent < WAITING; sent += CHUNK) {
    const messages = Array.from({ length: CHUNK }, (_, index) => ({
      body: '{}',
      group: tenants === 0 ? undefined : `tenant-${(sent + index) % tenants}`,
    }));
    await table.send(messages, sentAt);
  }
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  for (let received = 0; received < RECEIVED; ) {
    const now = Date.now();
    const deliveries = inTurns
      ? await table.receiveInTurns(turns, BATCH, now, now + HIDDEN_MILLISECONDS)
      : await table.receive(BATCH, now, now + HIDDEN_MILLISECONDS);
    await Promise.all(deliveries.map((delivery) => delivery.delete()));
    received += deliveries.length;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await file[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
  return { perSecond: RECEIVED / seconds, cpuMicroseconds: (user + system) / RECEIVED };
}
