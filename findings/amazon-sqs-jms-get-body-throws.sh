#!/usr/bin/env bash
# amazon-sqs-java-messaging-lib implements Jakarta Messaging 3, whose Message.getBody returns the body of a TextMessage as a String. It
# throws "SQSMessage does not have any body" for each message, and isBodyAssignableTo throws as well. getText returns the body.
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
      <groupId>com.amazonaws</groupId>
      <artifactId>amazon-sqs-java-messaging-lib</artifactId>
      <version>2.1.4</version>
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
cat > Read.java <<'JAVA'
import com.amazon.sqs.javamessaging.message.SQSTextMessage;
import jakarta.jms.JMSException;
import jakarta.jms.TextMessage;

class Read {
  public static void main(String[] arguments) throws Exception {
    TextMessage message = new SQSTextMessage("text");
    String seen;
    try {
      seen = message.getBody(String.class);
    } catch (JMSException error) {
      seen = error.getMessage();
    }
    System.out.println("amazon-sqs-java-messaging-lib 2.1.4, Java " + System.getProperty("java.version"));
    System.out.println("expected: getText text, getBody text");
    System.out.println("observed: getText " + message.getText() + ", getBody throws: " + seen);
    System.exit(message.getText().equals("text") && seen.equals("SQSMessage does not have any body") ? 0 : 1);
  }
}
JAVA
java -cp 'lib/*' Read.java
