import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.jackson.JsonFormat;
import java.nio.charset.StandardCharsets;

/**
 * Reads CloudEvents with the Java SDK. Standard input is a JSON array of events as text, standard output is what the SDK
 * read of each.
 */
public class ReadCloudEvents {
  public static void main(String[] args) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    ArrayNode readings = mapper.createArrayNode();
    for (String text : mapper.readValue(System.in, String[].class)) readings.add(read(mapper.createObjectNode(), text));
    System.out.println(mapper.writeValueAsString(readings));
  }

  private static ObjectNode read(ObjectNode reading, String text) {
    try {
      CloudEvent event = new JsonFormat().deserialize(text.getBytes(StandardCharsets.UTF_8));
      reading.put("dataContentType", event.getDataContentType());
      if (event.getData() != null) reading.put("data", event.getData().toBytes());
    } catch (RuntimeException error) {
      reading.put("error", error.toString());
    }
    return reading;
  }
}
