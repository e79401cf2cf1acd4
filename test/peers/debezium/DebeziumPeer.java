import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Properties;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's connector for PostgreSQL with its outbox event router, as Kafka Connect runs them. Arguments: the port of the
 * database, the name of the outbox table, a folder. Prints "ready" once it streams, then a line for each record that it would
 * write to Kafka: topic, key, value and headers, in base64, as StringConverter writes them.
 */
class DebeziumPeer {
  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    properties.put("name", "coatcheck");
    properties.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    properties.put("offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore");
    properties.put("offset.storage.file.filename", arguments[2] + "/offsets");
    properties.put("offset.flush.interval.ms", "0");
    properties.put("topic.prefix", "app");
    properties.put("database.hostname", "127.0.0.1");
    properties.put("database.port", arguments[0]);
    properties.put("database.user", "postgres");
    properties.put("database.password", "unused");
    properties.put("database.dbname", "postgres");
    properties.put("plugin.name", "pgoutput");
    properties.put("table.include.list", "public." + arguments[1]);
    properties.put("snapshot.mode", "no_data");
    properties.put("tombstones.on.delete", "false");
    properties.put("transforms", "outbox");
    properties.put("transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter");
    properties.put("transforms.outbox.route.topic.replacement", "${routedByValue}");
    // What a row of another library says in its columns; ours says it in the payload.
    properties.put("transforms.outbox.table.fields.additional.placement", "id:header:RequestId,type:header:type");
    DebeziumEngine<RecordChangeEvent<SourceRecord>> engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
        .using(properties)
        .using(new DebeziumEngine.ConnectorCallback() {
          @Override
          public void pollingStarted() {
            System.out.println("ready");
          }
        })
        .using((success, message, error) -> {
          if (!success) System.err.println(message + " " + error);
        })
        .notifying(event -> print(event.record()))
        .build();
    // The test closes standard input.
    Thread watch = new Thread(() -> {
      try {
        while (System.in.read() >= 0) { }
      } catch (java.io.IOException ignored) {
      }
      System.exit(0);
    });
    watch.setDaemon(true);
    watch.start();
    engine.run();
  }

  static void print(SourceRecord record) {
    StringBuilder line = new StringBuilder();
    line.append(encoded(record.topic())).append(' ').append(encoded(record.key())).append(' ').append(encoded(record.value()));
    for (Header header : record.headers()) {
      line.append(' ').append(encoded(header.key())).append(':').append(encoded(header.value()));
    }
    System.out.println(line);
  }

  static String encoded(Object value) {
    byte[] bytes = value instanceof byte[] given ? given : String.valueOf(value).getBytes(StandardCharsets.UTF_8);
    return value == null ? "-" : Base64.getEncoder().encodeToString(bytes);
  }
}
