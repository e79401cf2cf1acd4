#!/usr/bin/env bash
# @platformatic/kafka delivers records of aborted transactions to a consumer with isolationLevel READ_COMMITTED, its default:
# of two transactions that a producer aborts one after the other, the records of the first one. It keeps one aborted range
# a producer, so the second one replaces the first. Kafka's console consumer delivers none of them. (The same happens where a
# fetch ends before the end of the transaction.)
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
cat > read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { Admin, Consumer, FetchIsolationLevels, Producer } from '@platformatic/kafka';

const bootstrapBrokers = [`127.0.0.1:${process.argv[2]}`];
const client = { clientId: 'a', bootstrapBrokers, retries: 60, retryDelay: 500 };
const admin = new Admin(client);
const producer = new Producer({ ...client, idempotent: true, transactionalId: 'transactions' });
const consumer = new Consumer({ ...client, groupId: 'group' });
await admin.metadata({ topics: [] });
await admin.createTopics({ topics: ['t'], partitions: 1, replicas: 1 });
for (const [value, end] of [['aborted 1', 'abort'], ['aborted 2', 'abort'], ['committed', 'commit']]) {
  const transaction = await producer.beginTransaction();
  await transaction.send({ messages: [{ topic: 't', value: Buffer.from(value) }] });
  await transaction[end]();
}
const options = { topics: ['t'], mode: 'earliest', autocommit: false, isolationLevel: FetchIsolationLevels.READ_COMMITTED };
const stream = await consumer.consume(options);
const observed = [];
for await (const { value } of stream) {
  observed.push(value.toString());
  if (observed.at(-1) === 'committed') break;
}
const version = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json')).version;
console.log(`@platformatic/kafka ${version}, Node ${process.version}, Kafka 4.4.0`);
console.log('expected: committed');
console.log(`observed: ${observed.join(', ')}`);
await Promise.all([consumer.close(true), producer.close(true), admin.close()]);
process.exit(observed.join() === 'aborted 1,committed' ? 0 : 1);
JS
node read.mjs "$port"
