import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Produces a record for each key, with Kafka's own client and its defaults: SERVER TOPIC KEY… */
class ProduceKeys {
  public static void main(String[] args) throws Exception {
    Map<String, Object> settings = Map.of("bootstrap.servers", args[0]);
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      for (int i = 2; i < args.length; i++) producer.send(new ProducerRecord<>(args[1], args[i], args[i])).get();
    }
  }
}
