#!/usr/bin/env bash
# RabbitMQ 3.10.8 confirms messages of a quorum queue that was just declared before it has noted on its disk that there is
# such a queue. Killed (SIGKILL) right after the confirms and started again, it has the queue, but none of its messages. A
# queue that was declared two seconds earlier keeps them. Needs Debian's package rabbitmq-server 3.10.8.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact amqplib@2.3.1
programs=/usr/lib/rabbitmq/bin
printf '[].' > enabled_plugins
printf COOKIE > .erlang.cookie
chmod 600 .erlang.cookie
cat > lose.cjs <<'JS'
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { writeFileSync } = require('node:fs');
const { createServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { connect } = require('amqplib');

async function freePort() {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  return port;
}

(async () => {
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
  const folder = process.cwd();
  writeFileSync('rabbitmq.conf', `listeners.tcp.1 = 127.0.0.1:${port}\nlog.file = false\n`);
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_MNESIA_BASE: `${folder}/data`,
    RABBITMQ_LOG_BASE: `${folder}/log`,
    RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
    RABBITMQ_NODENAME: 'finding@localhost',
    RABBITMQ_DIST_PORT: String(distribution),
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
  const command = `epmd -address 127.0.0.1 -port ${mapper} & exec ${process.argv[2]}/rabbitmq-server`;
  let server;
  const open = async () => {
    const connection = await connect(`amqp://127.0.0.1:${port}`);
    connection.on('error', () => {});
    return connection;
  };
  const start = async () => {
    server = spawn('sh', ['-c', command], { env, detached: true, stdio: 'ignore' });
    for (;;) {
      await sleep(500);
      try {
        return await open();
      } catch {}
    }
  };
  const kill = async () => {
    const ended = once(server, 'exit');
    process.kill(-server.pid, 'SIGKILL');
    await ended;
    for (;;) {
      await sleep(200);
      try {
        await (await open()).close();
      } catch {
        return;
      }
    }
  };
  const left = async (queue, waitBeforePublishing) => {
    const connection = await start();
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await sleep(waitBeforePublishing);
    for (let message = 0; message < 10; message++) {
      channel.sendToQueue(queue, Buffer.from('x'), { persistent: true });
    }
    await channel.waitForConfirms();
    await kill();
    const again = await start();
    const reader = await again.createChannel();
    let count = 0;
    for (let look = 0; look < 20 && count < 10; look++) {
      ({ messageCount: count } = await reader.checkQueue(queue));
      await sleep(250);
    }
    const { version } = again.connection.serverProperties;
    await again.close();
    await kill();
    return { count, version };
  };
  try {
    const fresh = await left('fresh', 0);
    const older = await left('older', 2_000);
    console.log(`RabbitMQ ${fresh.version}, amqplib 2.3.1, Node ${process.version}`);
    console.log('expected: 10 of 10 confirmed messages after SIGKILL and a start on the same data');
    console.log(`observed: ${fresh.count} where the queue was new, ${older.count} where it was 2 seconds old`);
    process.exitCode = fresh.version === '3.10.8' && fresh.count === 0 && older.count === 10 ? 0 : 1;
  } finally {
    try {
      process.kill(-server.pid, 'SIGKILL');
    } catch {}
  }
})();
JS
node lose.cjs "$programs"
