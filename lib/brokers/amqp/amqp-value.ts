/** The property `type` of a message of an AMQP 1.0 client whose body isn't one section of bytes. */
const TYPE = 'amqp-1.0';

/** How RabbitMQ 3.10 to 4 begin the body of a message whose body is one value: `amqp:amqp-value:*`. */
const VALUE_SECTION = Buffer.from([0x00, 0x53, 0x77]);

/** The codes of a value of bytes or text: those with a length of one byte, and of four. */
const SHORT_CODES: readonly (number | undefined)[] = [0xa0, 0xa1];
const LONG_CODES: readonly (number | undefined)[] = [0xb0, 0xb1];
const NULL_CODE = 0x40;

/**
 * The body of a message as its sender wrote it. Clients of AMQP 1.0 send a text as a value (a `TextMessage` of JMS), and
 * RabbitMQ delivers that by AMQP 0-9-1 with its encoding. A value of another type, such as a map, stays encoded.
 * @see https://www.rabbitmq.com/docs/conversions
 * @see https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-types-v1.0-os.html#section-encodings
 */
export function contentOf(content: Buffer, type: unknown): Buffer {
  if (type !== TYPE || !content.subarray(0, VALUE_SECTION.length).equals(VALUE_SECTION)) return content;
  const value = content.subarray(VALUE_SECTION.length);
  const code = value[0];
  if (code === NULL_CODE && value.length === 1) return Buffer.alloc(0);
  const start = SHORT_CODES.includes(code) ? 2 : LONG_CODES.includes(code) ? 5 : undefined;
  if (start === undefined || value.length < start) return content;
  const length = start === 2 ? value.readUInt8(1) : value.readUInt32BE(1);
  return value.length === start + length ? value.subarray(start) : content;
}
