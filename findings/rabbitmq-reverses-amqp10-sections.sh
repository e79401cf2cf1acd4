#!/usr/bin/env bash
# The body of a message of AMQP 1.0 consists of one or more sections of bytes, in an order. RabbitMQ 3.10.8 with its plugin for AMQP 1.0
# passes them on in the reverse order: to clients of AMQP 1.0, and to those of AMQP 0-9-1, which also get the encoding around
# them. One section arrives as it was sent. Needs Debian's package rabbitmq-server 3.10.8.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact amqplib@2.3.1 rhea@3.0.4
programs=/usr/lib/rabbitmq/bin
printf '[rabbitmq_amqp1_0].' > enabled_plugins
printf COOKIE > .erlang.cookie
chmod 600 .erlang.cookie
read -r port distribution mapper < <(python3 -c "import socket; s = [socket.socket() for _ in range(3)]; [x.bind((\"127.0.0.1\", 0)) for x in s]; print(*[x.getsockname()[1] for x in s])")
printf 'listeners.tcp.1 = 127.0.0.1:%s\nlog.file = false\n' "$port" > rabbitmq.conf
settings=(
  HOME="$PWD" RABBITMQ_MNESIA_BASE="$PWD/data" RABBITMQ_LOG_BASE="$PWD/log" RABBITMQ_CONFIG_FILE="$PWD/rabbitmq.conf"
  RABBITMQ_ENABLED_PLUGINS_FILE="$PWD/enabled_plugins" RABBITMQ_NODENAME=finding@localhost
  RABBITMQ_DIST_PORT="$distribution" ERL_EPMD_PORT="$mapper" ERL_EPMD_ADDRESS=127.0.0.1
)
env "${settings[@]}" setsid sh -c "epmd -address 127.0.0.1 -port $mapper & exec $programs/rabbitmq-server" > server.log 2>&1 &
server=$!
trap 'kill -9 -- "-$server"' EXIT
cat > sections.cjs <<'JS'
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { connect } = require('amqplib');
const rhea = require('rhea');

const port = Number(process.argv[2]);
const address = '/amq/queue/q';

async function connected() {
  for (;;) {
    try {
      return await connect(`amqp://127.0.0.1:${port}`);
    } catch {
      await sleep(500);
    }
  }
}

(async () => {
  const old = await connected();
  const channel = await old.createChannel();
  await channel.assertQueue('q');
  const client = rhea.connect({ host: '127.0.0.1', port, username: 'guest', password: 'guest', reconnect: false });
  const sender = client.open_sender(address);
  await once(sender, 'sendable');
  const send = async (...parts) => {
    sender.send({ body: rhea.message.data_sections(parts.map((part) => Buffer.from(part))) });
    await once(sender, 'accepted');
  };
  const parts = ['{"order":', ' 17', '}'];
  await send(...parts);
  await send(parts.join(''));
  await send(...parts);
  const by091 = await channel.get('q', { noAck: true });
  const single = await channel.get('q', { noAck: true });
  const receiver = client.open_receiver(address);
  const [{ message }] = await once(receiver, 'message');
  const by10 = Buffer.concat([message.body.content].flat()).toString();
  // A section is 00 53 75 a0, the number of its bytes, and its bytes.
  const text = by091.content.toString('latin1').replace(/\0Su\xa0./gs, '');
  console.log(`RabbitMQ ${old.connection.serverProperties.version}, rhea 3.0.4, amqplib 2.3.1, Node ${process.version}`);
  console.log(`sent by AMQP 1.0 in the sections: ${parts.join(' | ')}`);
  console.log('expected: {"order": 17} by both protocols');
  console.log(`observed: ${by10} by AMQP 1.0, and by AMQP 0-9-1 ${text} in ${by091.content.length} bytes`);
  console.log(`observed, when sent in one section: ${single.content} by AMQP 0-9-1`);
  const isKnown = by10 === '} 17{"order":' && text === by10 && `${single.content}` === '{"order": 17}';
  process.exit(isKnown && old.connection.serverProperties.version === '3.10.8' ? 0 : 1);
})();
JS
timeout 120 node sections.cjs "$port"
