#!/usr/bin/env bash
# SqsTemplate.receive(queue, type) of Spring Cloud AWS converts every message of a queue to the type of the first call: it caches that per
# queue. A later call with another type returns a payload of the first one, without an error, until the payload is used.
set -euo pipefail
cd "$(mktemp -d)"
cat > pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>t</groupId>
  <artifactId>t</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.awspring.cloud</groupId>
      <artifactId>spring-cloud-aws-sqs</artifactId>
      <version>3.4.2</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-nop</artifactId>
      <version>2.0.17</version>
    </dependency>
  </dependencies>
</project>
XML
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=lib > /dev/null
cat > Receive.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import io.awspring.cloud.sqs.operations.SqsOperations;
import io.awspring.cloud.sqs.operations.SqsTemplate;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;

class Receive {
  /** What SQS answers to the template's calls, with a message {"x":1} for each that receives. */
  static final Map<String, String> ANSWERS = Map.of(
      "AmazonSQS.GetQueueUrl", "{\"QueueUrl\":\"http://127.0.0.1/1/orders\"}",
      "AmazonSQS.GetQueueAttributes", "{\"Attributes\":{}}",
      "AmazonSQS.ReceiveMessage", "{\"Messages\":[{\"MessageId\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\",\"ReceiptHandle\":\"r\","
          + "\"Body\":\"{\\\"x\\\":1}\"}]}",
      "AmazonSQS.DeleteMessageBatch", "{\"Successful\":[{\"Id\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"}],\"Failed\":[]}");

  public static void main(String[] arguments) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      byte[] answer = ANSWERS.get(exchange.getRequestHeaders().getFirst("X-Amz-Target")).getBytes();
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.0");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    server.start();
    String seen;
    try (SqsAsyncClient client = SqsAsyncClient.builder().checksumValidationEnabled(false).region(Region.EU_CENTRAL_1)
        .endpointOverride(URI.create("http://127.0.0.1:" + server.getAddress().getPort()))
        .credentialsProvider(AnonymousCredentialsProvider.create()).build()) {
      SqsOperations template = SqsTemplate.newSyncTemplate(client);
      seen = received(template, String.class) + ", " + received(template, Map.class);
    }
    server.stop(0);
    System.out.println("spring-cloud-aws-sqs 3.4.2, Java " + System.getProperty("java.version"));
    System.out.println("expected, of one queue as String and as Map: String, LinkedHashMap");
    System.out.println("observed: " + seen);
    System.exit(seen.equals("String, String") ? 0 : 1);
  }

  static String received(SqsOperations template, Class<?> type) {
    Object payload = template.receive("orders", type).orElseThrow().getPayload();
    return payload.getClass().getSimpleName();
  }
}
JAVA
java -cp 'lib/*' Receive.java
