import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, type BatchResultLine, CoatcheckClient } from '../../lib/client/index.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { seededRandom } from '../../lib/planner/random.ts';
import { freePort } from '../../test/local/free-port.ts';
import { SupervisedWorker } from '../loss/supervised-worker.ts';
import { openWebhookReceiver } from './webhook-receiver.ts';

/** How a batch came through kills. */
export interface KillRun {
  readonly items: number;
  /** Kills of the process with API, queue and processor, and of the one that adds the items. */
  readonly serverKills: number;
  readonly adderKills: number;
  /** Keys without a line in the manifest. */
  readonly missing: number;
  /** Lines of keys that have one already. */
  readonly twice: number;
  /** Lines without the right result. */
  readonly wrong: number;
  /** Deliveries of the webhook, and their different ids. */
  readonly webhooks: number;
  readonly webhookIds: number;
  readonly seconds: number;
}

/** Options of {@link runKills}. */
export interface KillOptions {
  readonly items: number;
  readonly kills: number;
  readonly seed: number;
  readonly folder: string;
  readonly note: (text: string) => void;
}

const PROGRAM = join(PROJECT_FOLDER, 'bin', 'coatcheck.ts');

const LOOK_MILLISECONDS = 20;

/** The last kill of a phase comes before its end, so that there is work after it. */
const SHARE_WITH_KILLS = 0.9;

/** A webhook of a batch that has ended is delivered by then. */
const WEBHOOK_MILLISECONDS = 60_000;

/** Sends a batch through `coatcheck serve`, while it and the process that adds the items are killed at random moments. */
export async function runKills({ items, kills, seed, folder, note }: KillOptions): Promise<KillRun> {
  const startedAt = performance.now();
  const file = join(folder, 'items.ndjson');
  await pipeline(Readable.from(linesOf(items)), createWriteStream(file));
  using receiver = await openWebhookReceiver();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = {
    command: process.execPath,
    args: [PROGRAM, 'serve', join(import.meta.dirname, 'processor.ts'), '--port', String(port)],
    cwd: PROJECT_FOLDER,
    env: {
      COATCHECK_DATA: join(folder, 'data'),
      COATCHECK_CALLBACKS: 'local',
      COATCHECK_OUTPUT: 'none',
      COATCHECK_STATUS_PORT: '0',
      POWERTOOLS_LOG_LEVEL: 'ERROR',
    },
  };
  await using server = new SupervisedWorker(program, join(folder, 'server.log'));
  server.start();
  const client = new CoatcheckClient({ baseUrl: url, retry: { attempts: 1_000, capMilliseconds: 200 } });
  const { id } = await client.batches.create({ callbackUrl: receiver.url });
  const look = () => client.batches.get(id);
  const killed = { server: 0, adder: 0 };
  let adder: ChildProcess | undefined;

  /** Adds the items, again and again until the batch is sealed. */
  const adding = (async () => {
    while ((await look()).sealedAt === undefined) {
      const args = [PROGRAM, 'batches', 'submit', file, '--resume', id, '--api', url];
      adder = spawn(process.execPath, args, { stdio: 'ignore' });
      await once(adder, 'exit');
    }
    adder = undefined;
  })();

  for (const [index, { phase, share }] of momentsOf(kills, seed).entries()) {
    note(`${index} of ${kills} kills`);
    while (shareOf(await look(), phase, items) < share) await sleep(LOOK_MILLISECONDS);
    if (phase === 'adding' && index % 2 === 0) {
      if (adder?.kill('SIGKILL')) killed.adder++;
    } else {
      killed.server++;
      await server.kill();
    }
  }
  await adding;
  await client.batches.wait(id, {
    onChange: ({ progress }) => note(`${Math.floor(100 * progress)}% ended`),
  });
  const deadline = Date.now() + WEBHOOK_MILLISECONDS;
  while (receiver.received.length === 0 && Date.now() < deadline) await sleep(LOOK_MILLISECONDS);
  const seen = new Set<string>();
  let [twice, wrong] = [0, 0];
  for await (const line of client.batches.results(id)) {
    if (seen.has(line.key)) twice++;
    seen.add(line.key);
    if (!isRight(line)) wrong++;
  }
  return {
    items,
    serverKills: killed.server,
    adderKills: killed.adder,
    missing: items - seen.size,
    twice,
    wrong,
    webhooks: receiver.received.length,
    webhookIds: new Set(receiver.received.map((each) => each.id)).size,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

function* linesOf(items: number): Generator<string> {
  for (let number = 0; number < items; number++) yield `{"key":"n-${number}","json":{"number":${number}}}\n`;
}

/** When something is killed: when so many of the items are added, or have ended. */
interface Moment {
  readonly phase: 'adding' | 'ending';
  readonly share: number;
}

/** Draws random moments, the same ones for one seed: half of them while items are added. */
function momentsOf(kills: number, seed: number): readonly Moment[] {
  const random = seededRandom(seed);
  const draw = (phase: Moment['phase'], count: number) =>
    Array.from({ length: count }, () => ({ phase, share: random() * SHARE_WITH_KILLS })).toSorted(
      (one, other) => one.share - other.share,
    );
  const adding = Math.ceil(kills / 2);
  return [...draw('adding', adding), ...draw('ending', kills - adding)];
}

function shareOf({ counts }: Batch, phase: Moment['phase'], items: number): number {
  const { total, queued, running } = counts;
  return (phase === 'adding' ? total : total - queued - running) / items;
}

function isRight({ key, status, result }: BatchResultLine): boolean {
  const square = Number(key.slice(2)) ** 2;
  return status === 'succeeded' && JSON.stringify(result?.json) === JSON.stringify({ square });
}
