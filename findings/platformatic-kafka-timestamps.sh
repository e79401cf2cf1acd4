#!/usr/bin/env bash
# @platformatic/kafka writes wrong timestamps where those of a batch are 2^31 ms (24.8 days) or more apart: it encodes the
# difference to the first one as a varint of 64 bits, whose upper bits are wrong. Nothing is reported. Kafka's own client
# (kafka-clients, in Java) reads what it writes.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @platformatic/kafka@2.12.1
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId><version>4.4.0</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs
cat > Read.java <<'JAVA'
import java.nio.ByteBuffer;
import org.apache.kafka.common.record.internal.MemoryRecords;

class Read {
  public static void main(String[] args) throws Exception {
    ByteBuffer bytes = ByteBuffer.wrap(System.in.readAllBytes());
    StringBuilder times = new StringBuilder();
    for (var record : MemoryRecords.readableRecords(bytes).records()) times.append(' ').append(record.timestamp());
    System.out.print(times.toString().trim());
  }
}
JAVA
cat > write.mjs <<'JS'
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRecordsBatch } from '@platformatic/kafka';

const times = (difference) => {
  const [first, second] = [1_800_000_000_000n, 1_800_000_000_000n - difference];
  const messages = [first, second].map((timestamp) => ({ topic: 't', partition: 0, value: Buffer.from('1'), timestamp }));
  const input = createRecordsBatch(messages).buffer;
  const read = execFileSync('java', ['-cp', 'libs/*', 'Read.java'], { input, encoding: 'utf8' });
  return { expected: `${first} ${second}`, observed: read };
};
const [near, far] = [times(2n ** 30n), times(2n ** 33n)];
const version = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json')).version;
console.log(`@platformatic/kafka ${version}, Node ${process.version}, kafka-clients 4.4.0`);
console.log(`12 days apart: expected ${near.expected}, observed ${near.observed}`);
console.log(`99 days apart: expected ${far.expected}, observed ${far.observed}`);
process.exit(near.expected === near.observed && far.expected !== far.observed ? 0 : 1);
JS
node write.mjs
