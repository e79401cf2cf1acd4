import com.amazon.sqs.javamessaging.AmazonSQSExtendedClient;
import com.amazon.sqs.javamessaging.ExtendedClientConfiguration;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageRequest;

/**
 * Sends and receives with the extended client of Java, at the AWS that AWS_ENDPOINT_URL names. "send QUEUE BUCKET": standard
 * input is a JSON array of {body, attributes, isLarge}. "receive QUEUE BUCKET COUNT": standard output is a JSON array of
 * {body, attributes}, as a consumer sees them.
 */
class ExtendedClientPeer {
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    String queue = arguments[1];
    if (arguments[0].equals("send")) {
      for (JsonNode message : JSON.readTree(System.in)) send(queue, arguments[2], message);
    } else {
      JSON.writeValue(System.out, received(queue, arguments[2], Integer.parseInt(arguments[3])));
    }
  }

  static void send(String queue, String bucket, JsonNode message) {
    Map<String, MessageAttributeValue> attributes = new HashMap<>();
    message.get("attributes").fields().forEachRemaining(field -> attributes.put(field.getKey(),
        MessageAttributeValue.builder().dataType("String").stringValue(field.getValue().asText()).build()));
    client(bucket, message.get("isLarge").asBoolean()).sendMessage(SendMessageRequest.builder()
        .queueUrl(queue).messageBody(message.get("body").asText()).messageAttributes(attributes).build());
  }

  static List<Map<String, Object>> received(String queue, String bucket, int count) {
    List<Map<String, Object>> all = new ArrayList<>();
    SqsClient sqs = client(bucket, false);
    for (int round = 0; round < 30 && all.size() < count; round++) {
      sqs.receiveMessage(ReceiveMessageRequest.builder().queueUrl(queue).maxNumberOfMessages(10).waitTimeSeconds(2)
          .messageAttributeNames("All").build()).messages().forEach(message -> {
            Map<String, String> attributes = new HashMap<>();
            message.messageAttributes().forEach((name, value) -> attributes.put(name, value.stringValue()));
            all.add(Map.of("body", message.body(), "attributes", attributes));
          });
    }
    return all;
  }

  static SqsClient client(String bucket, boolean always) {
    URI endpoint = URI.create(System.getenv("AWS_ENDPOINT_URL"));
    S3Client s3 = S3Client.builder().endpointOverride(endpoint).forcePathStyle(true).build();
    ExtendedClientConfiguration configuration = new ExtendedClientConfiguration()
        .withPayloadSupportEnabled(s3, bucket).withAlwaysThroughS3(always);
    return new AmazonSQSExtendedClient(SqsClient.builder().endpointOverride(endpoint).build(), configuration);
  }
}
