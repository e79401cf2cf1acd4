import com.amazon.sqs.javamessaging.ProviderConfiguration;
import com.amazon.sqs.javamessaging.SQSConnection;
import com.amazon.sqs.javamessaging.SQSConnectionFactory;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.awspring.cloud.sqs.operations.SqsOperations;
import io.awspring.cloud.sqs.operations.SqsTemplate;
import jakarta.jms.BytesMessage;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * Sends and receives with JMS for SQS and with Spring Cloud AWS, at the AWS that AWS_ENDPOINT_URL names. "send QUEUE" sends one message
 * of each kind. "receive-jms QUEUE COUNT" and "receive-spring QUEUE COUNT" print a JSON array of what a consumer sees.
 */
class QueueClientsPeer {
  static final URI ENDPOINT = URI.create(System.getenv("AWS_ENDPOINT_URL"));

  public static void main(String[] arguments) {
    try {
      run(arguments[0], arguments[1], Integer.parseInt(arguments[2]));
      System.exit(0);
    } catch (Exception failure) {
      failure.printStackTrace();
      System.exit(1); // Or the threads of the connection would keep the process alive.
    }
  }

  static void run(String mode, String queue, int count) throws Exception {
    switch (mode) {
      case "send" -> {
        sendByJms(queue);
        sendBySpring(queue);
      }
      case "receive-jms" -> print(receiveByJms(queue, count));
      case "receive-spring" -> print(receiveBySpring(queue, count));
      default -> throw new IllegalArgumentException(mode);
    }
  }

  static void sendByJms(String queue) throws Exception {
    try (SQSConnection connection = connect()) {
      Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
      MessageProducer producer = session.createProducer(session.createQueue(queue));
      TextMessage text = session.createTextMessage("{\"x\":6}");
      text.setStringProperty("RequestId", "jms-text");
      text.setBooleanProperty("flag", true);
      producer.send(text);
      BytesMessage json = session.createBytesMessage();
      json.setStringProperty("RequestId", "jms-bytes-of-text");
      json.writeBytes("{\"x\":6}".getBytes());
      producer.send(json);
      BytesMessage bytes = session.createBytesMessage();
      bytes.setStringProperty("RequestId", "jms-bytes");
      bytes.writeBytes(new byte[] {0, (byte) 255, 1});
      producer.send(bytes);
      var object = session.createObjectMessage((Serializable) "text");
      object.setStringProperty("RequestId", "jms-object");
      producer.send(object);
    }
  }

  record Order(int x) {}

  static void sendBySpring(String queue) {
    SqsOperations template = spring();
    template.send(to -> to.queue(queue).payload(new Order(6)).header("RequestId", "spring-object").header("n", 5));
    template.send(to -> to.queue(queue).payload("plain text").header("RequestId", "spring-text"));
    template.send(to -> to.queue(queue).payload(new byte[] {0, (byte) 255}).header("RequestId", "spring-bytes"));
  }

  /**
   * The text of each message: getBody, which JMS 2 has for it, throws in this library. Doesn't close the connection, which would wait
   * for 20 seconds, until its receive call ends.
   */
  static List<String> receiveByJms(String queue, int count) throws Exception {
    List<String> bodies = new ArrayList<>();
    SQSConnection connection = connect();
    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    MessageConsumer consumer = session.createConsumer(session.createQueue(queue));
    connection.start();
    while (bodies.size() < count) {
      if (consumer.receive(2000) instanceof TextMessage message) {
        bodies.add(message.getStringProperty("RequestId") + " " + message.getText());
      }
    }
    return bodies;
  }

  /** As a map, and so parsed. */
  static List<Object> receiveBySpring(String queue, int count) {
    SqsOperations template = spring();
    List<Object> bodies = new ArrayList<>();
    while (bodies.size() < count) {
      template.receive(queue, Map.class).ifPresent(message -> bodies.add(message.getPayload()));
    }
    return bodies;
  }

  static SQSConnection connect() throws Exception {
    SqsClient client = SqsClient.builder().endpointOverride(ENDPOINT).build();
    return new SQSConnectionFactory(new ProviderConfiguration(), client).createConnection();
  }

  static SqsOperations spring() {
    return SqsTemplate.newSyncTemplate(SqsAsyncClient.builder().endpointOverride(ENDPOINT).build());
  }

  static void print(Object value) throws Exception {
    System.out.println(new ObjectMapper().writeValueAsString(value));
  }
}
