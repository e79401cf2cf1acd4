#!/usr/bin/env bash
# In a group whose members read different topics, @platformatic/kafka's leader assigns only the topics that it reads itself, and
# assigns them to all members, also to those that don't read them. Messages of the partitions that such a member gets, and of
# the other topics, have no reader, without an error. The protocol lets each member name its topics, and the assignors of
# Kafka's own client respect that.
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
cat > assign.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer } from '@platformatic/kafka';

const client = { clientId: 'a', bootstrapBrokers: [`127.0.0.1:${process.argv[2]}`], retries: 60, retryDelay: 500 };
const admin = new Admin(client);
await admin.metadata({ topics: [] });
await admin.createTopics({ topics: ['orders', 'payments'], partitions: 2, replicas: 1 });
const join = async (topic) => {
  const consumer = new Consumer({ ...client, groupId: 'group', heartbeatInterval: 200 });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
  stream.on('error', () => {}).on('data', () => {});
  return consumer;
};
const consumers = [await join('orders'), await join('payments')];
const shown = ({ assignments }) =>
  (assignments ?? []).map(({ topic, partitions }) => `${topic} ${partitions.toSorted().join(' and ')}`).join(', ') || 'nothing';
// Until the first one has noticed the second one.
while (new Set(consumers.map(({ generationId }) => generationId)).size > 1 || consumers[0].generationId < 2) await sleep(50);
await sleep(500);
const observed = consumers.map(shown);
const version = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json')).version;
console.log(`@platformatic/kafka ${version}, Node ${process.version}, Kafka 4.4.0`);
console.log('expected: the reader of orders gets orders 0 and 1, the reader of payments payments 0 and 1');
console.log(`observed: the reader of orders gets ${observed[0]}, the reader of payments ${observed[1]}`);
process.exit(observed.every((each) => /^orders [01]$/.test(each)) ? 0 : 1);
JS
node assign.mjs "$port"
