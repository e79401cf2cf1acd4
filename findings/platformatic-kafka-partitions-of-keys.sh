#!/usr/bin/env bash
# Producers that write the same keys into one topic must agree on the partition of a key: only then are its records in order, and only
# then can topics be joined. @platformatic/kafka hashes a key as Kafka's own client (kafka-clients, in Java) does, but keeps the
# sign bit of the hash. So where the number of partitions isn't a power of two, half of the keys are in another partition.
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
group.initial.rebalance.delay.ms=0
CONF
java=(java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$PWD/libs/*")
"${java[@]}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c server.properties > format.log
"${java[@]}" kafka.Kafka server.properties > server.log 2>&1 &
server=$!
trap "kill $server" EXIT
cd ..
cat > Produce.java <<'JAVA'
import java.util.Map;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.StringSerializer;

class Produce {
  public static void main(String[] args) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0]);
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      for (int key = 0; key < 12; key++) {
        var record = new ProducerRecord<>(args[1], "order-" + key, "java");
        System.out.println(producer.send(record).get().partition());
      }
    }
  }
}
JAVA
cat > partitions.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Admin, Consumer, Producer } from '@platformatic/kafka';

const [server, ...java] = process.argv.slice(2);
const client = { clientId: 'a', bootstrapBrokers: [server], retries: 60, retryDelay: 500 };
const admin = new Admin(client);
await admin.metadata({ topics: [] });
const producer = new Producer(client);

/** How many of 12 keys have another partition than by Kafka's own client, in a topic with so many partitions. */
async function differing(partitions) {
  const topic = `of-${partitions}`;
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  const command = [...java.slice(1), 'Produce.java', server, topic];
  const theirs = execFileSync(java[0], command, { encoding: 'utf8' }).trim().split('\n').map(Number);
  const messages = theirs.map((_, key) => ({ topic, key: Buffer.from(`order-${key}`), value: Buffer.from('js') }));
  await producer.send({ messages });
  const consumer = new Consumer({ ...client, groupId: topic, autocommit: false });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
  const ours = [];
  let seen = 0;
  for await (const { key, value, partition } of stream) {
    if (value.toString() === 'js') ours[Number(key.toString().slice('order-'.length))] = partition;
    if (++seen === 2 * theirs.length) break;
  }
  await consumer.close(true);
  console.log(`${partitions} partitions: Kafka's own client ${theirs.join(' ')}`);
  console.log(`${partitions} partitions: @platformatic/kafka ${ours.join(' ')}`);
  return theirs.filter((partition, key) => partition !== ours[key]).length;
}

const { version } = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json', 'utf8'));
console.log(`@platformatic/kafka ${version}, Node ${process.version}, Kafka and kafka-clients 4.4.0, keys order-0 to order-11`);
const [of8, of12] = [await differing(8), await differing(12)];
console.log('expected: both clients choose the same partition for each key');
console.log(`observed: they differ for ${of8} of 12 keys with 8 partitions, and for ${of12} of 12 with 12 partitions`);
process.exit(of8 === 0 && of12 === 7 ? 0 : 1);
JS
node partitions.mjs "127.0.0.1:$port" "${java[@]}"
