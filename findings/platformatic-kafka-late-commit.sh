#!/usr/bin/env bash
# commit() of @platformatic/kafka, by a member that has lost its partition, joins the group again and repeats the commit as its
# new member, whether or not it owns the partition. Kafka then accepts it. So a slow consumer moves the committed offset
# behind what the new owner has committed. Kafka's own client throws CommitFailedException.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @platformatic/kafka@2.12.1
mkdir kafka && cd kafka
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs
read -r port controller < <(python3 -c "import socket; s = [socket.socket() for _ in range(2)]; [x.bind((\"127.0.0.1\", 0)) for x in s]; print(*[x.getsockname()[1] for x in s])")
cat > server.properties <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
log.dirs=$PWD/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
CONF
java=(java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "libs/*")
"${java[@]}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c server.properties > format.log
"${java[@]}" kafka.Kafka server.properties > server.log 2>&1 &
server=$!
trap "kill $server" EXIT
cd ..
cat > commit.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Admin, Consumer, Producer } from '@platformatic/kafka';

const bootstrapBrokers = [`127.0.0.1:${process.argv[2]}`];
const client = { clientId: 'a', bootstrapBrokers, retries: 60, retryDelay: 500 };
const admin = new Admin(client);
await admin.metadata({ topics: [] });
await admin.createTopics({ topics: ['t'], partitions: 1, replicas: 1 });
const producer = new Producer(client);
for (const value of ['0', '1', '2']) await producer.send({ messages: [{ topic: 't', value: Buffer.from(value) }] });
const group = { groupId: 'group', autocommit: false, sessionTimeout: 1000, rebalanceTimeout: 1000, heartbeatInterval: 200 };
const consume = { topics: ['t'], mode: 'committed', fallbackMode: 'earliest', autocommit: false };

// The slow consumer: it takes the first message, is suspended for longer than its session, and then commits.
writeFileSync('slow.mjs', `
  import { Consumer } from '@platformatic/kafka';
  const consumer = new Consumer({ ...${JSON.stringify({ ...client, retries: 3 })}, ...${JSON.stringify(group)} });
  const stream = await consumer.consume(${JSON.stringify(consume)});
  stream.on('error', () => {});
  const [message] = await new Promise((resolve) => stream.once('data', (first) => resolve([first])));
  process.once('SIGUSR1', async () => {
    const { topic, partition, offset } = message;
    const result = consumer.commit({ offsets: [{ topic, partition, offset: offset + 1n, leaderEpoch: -1 }] });
    console.log(await result.then(() => 'accepted', (error) => error.message));
  });
  console.log('holds a message');
`);
const slow = spawn(process.execPath, ['slow.mjs'], { stdio: ['ignore', 'pipe', 'inherit'] });
await once(slow.stdout, 'data');
slow.kill('SIGSTOP');
const other = new Consumer({ ...client, ...group });
const stream = await other.consume({ ...consume });
for await (const message of stream) {
  await message.commit();
  if (message.value.toString() === '2') break;
}
const committed = async () => {
  const [{ topics }] = await admin.listConsumerGroupOffsets({ groups: ['group'] });
  return Number(topics[0].partitions[0].committedOffset);
};
const before = await committed();
slow.kill('SIGUSR1');
slow.kill('SIGCONT');
const result = String((await once(slow.stdout, 'data'))[0]).trim();
const after = await committed();
const version = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json')).version;
console.log(`@platformatic/kafka ${version}, Node ${process.version}, Kafka 4.4.0`);
console.log('expected: the late commit is refused, the committed offset stays 3');
console.log(`observed: the late commit is ${result}, the committed offset was ${before} and is ${after}`);
slow.kill('SIGKILL');
process.exit(result === 'accepted' && before === 3 && after === 1 ? 0 : 1);
JS
node commit.mjs "$port"
