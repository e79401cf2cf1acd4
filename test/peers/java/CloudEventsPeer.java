import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.data.BytesCloudEventData;
import io.cloudevents.jackson.JsonCloudEventData;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes CloudEvents with the Java SDK. "read": standard input is a JSON array of events as text, standard output is
 * what the SDK read of each. "write": standard output is events that the SDK wrote, as text.
 */
class CloudEventsPeer {
  static final ObjectMapper JSON = new ObjectMapper();
  static final JsonFormat FORMAT = new JsonFormat();

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("write")) {
      Map<String, String> events = new HashMap<>();
      events.put("withoutData", written(event()));
      events.put("json", written(event().withData("application/json",
          JsonCloudEventData.wrap(JSON.createObjectNode().put("x", 2).put("y", 3)))));
      events.put("text", written(event().withData("text/plain", "hello".getBytes(StandardCharsets.UTF_8))));
      events.put("binary", written(event().withData("application/octet-stream",
          BytesCloudEventData.wrap(new byte[] {0, (byte) 255, (byte) 254, 1}))));
      JSON.writeValue(System.out, events);
      return;
    }
    List<Map<String, Object>> readings = new ArrayList<>();
    for (String text : JSON.readValue(System.in, String[].class)) readings.add(read(text));
    JSON.writeValue(System.out, readings);
  }

  static Map<String, Object> read(String text) {
    Map<String, Object> reading = new HashMap<>();
    try {
      CloudEvent event = FORMAT.deserialize(text.getBytes(StandardCharsets.UTF_8));
      reading.put("type", event.getType());
      reading.put("subject", event.getSubject());
      reading.put("dataContentType", event.getDataContentType());
      Map<String, Object> extensions = new HashMap<>();
      for (String name : event.getExtensionNames()) extensions.put(name, event.getExtension(name));
      reading.put("extensions", extensions);
      reading.put("data", event.getData() == null ? null : event.getData().toBytes());
    } catch (RuntimeException error) {
      reading.clear();
      reading.put("error", error.toString());
    }
    return reading;
  }

  static CloudEventBuilder event() {
    return CloudEventBuilder.v1().withId("java-1").withSource(URI.create("/peers/java")).withType("order.placed")
        .withTime(OffsetDateTime.parse("2026-11-28T12:00:00Z"));
  }

  static String written(CloudEventBuilder event) {
    return new String(FORMAT.serialize(event.build()), StandardCharsets.UTF_8);
  }
}
