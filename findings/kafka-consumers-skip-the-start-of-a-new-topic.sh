#!/usr/bin/env bash
# A topic is deleted and created again while its consumer works on what it has polled. Kafka knows the two topics by different ids, and
# fetches name the id. But kafka-clients 4.4.0 (in Java, with the protocol classic) and librdkafka (confluent-kafka 2.16.1) look up the new id
# and go on at their old offset: they skip as many messages of the new topic as they have read of the old one, without an error.
# auto.offset.reset=earliest doesn't help, since that offset exists again.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check confluent-kafka==2.16.1
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
group.initial.rebalance.delay.ms=0
CONF
java=(java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "libs/*")
"${java[@]}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c server.properties > format.log
"${java[@]}" kafka.Kafka server.properties > server.log 2>&1 &
server=$!
trap "kill $server" EXIT
cat > Read.java <<'JAVA'
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

class Read {
  static String server;

  static void create(Admin admin) throws Exception {
    for (int tries = 0; ; tries++) {
      try {
        admin.createTopics(List.of(new NewTopic("java", 1, (short) 1))).all().get();
        return;
      } catch (Exception stillDeleting) {
        if (tries == 60) throw stillDeleting;
        Thread.sleep(500);
      }
    }
  }

  static void produce(String name, int count) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", server);
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>("java", name + i)).get();
    }
  }

  static void read(KafkaConsumer<String, String> consumer, List<String> values, String last) {
    long end = System.currentTimeMillis() + 60_000;
    while (!values.contains(last) && System.currentTimeMillis() < end)
      for (var record : consumer.poll(Duration.ofMillis(500))) values.add(record.value());
  }

  public static void main(String[] args) throws Exception {
    server = args[0];
    Map<String, Object> settings = Map.of("bootstrap.servers", server, "group.id", "java", "group.protocol", "classic",
        "auto.offset.reset", "earliest", "enable.auto.commit", "false");
    try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", server));
        var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      create(admin);
      produce("old", 10);
      consumer.subscribe(List.of("java"));
      List<String> values = new ArrayList<>();
      read(consumer, values, "old9");
      admin.deleteTopics(List.of("java")).all().get();
      create(admin);
      produce("new", 30);
      read(consumer, values, "new29");
      System.out.println(values.get(10) + " to " + values.get(values.size() - 1) + ", " + (values.size() - 10));
    }
  }
}
JAVA
cat > read.py <<'PY'
import sys
import time

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

server = {'bootstrap.servers': sys.argv[1]}
admin = AdminClient(server)


def create():
    for tries in range(61):
        try:
            return admin.create_topics([NewTopic('python', 1, 1)])['python'].result()
        except Exception:  # The old one is still being deleted.
            if tries == 60:
                raise
            time.sleep(0.5)


def produce(name, count):
    producer = Producer(server)
    for i in range(count):
        producer.produce('python', f'{name}{i}')
    producer.flush()


def read(last):
    end = time.monotonic() + 60
    while last not in values and time.monotonic() < end:
        message = consumer.poll(0.5)
        if message is not None:
            values.append(str(message.error()) if message.error() else message.value().decode())


create()
produce('old', 10)
settings = {'group.id': 'python', 'auto.offset.reset': 'earliest', 'enable.auto.commit': False}
consumer = Consumer(server | settings)
consumer.subscribe(['python'])
values = []
read('old9')
admin.delete_topics(['python'])['python'].result()
create()
produce('new', 30)
read('new29')
print(f'{values[10]} to {values[-1]}, {len(values) - 10}')
consumer.close()
PY
java_observed=$("${java[@]}" Read.java "127.0.0.1:$port")
python_observed=$(../python/bin/python read.py "127.0.0.1:$port")
echo "Kafka 4.4.0, kafka-clients 4.4.0, confluent-kafka 2.16.1, $(java -version 2>&1 | head -1)"
echo 'expected: of the new topic, new0 to new29, 30'
echo "observed: kafka-clients: $java_observed; confluent-kafka: $python_observed"
[ "$java_observed" = 'new10 to new29, 20' ] && [ "$python_observed" = 'new10 to new29, 20' ]
