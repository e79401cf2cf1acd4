/** What the server says about a delivery of a message. */
export interface DeliveryInfo {
  readonly stream: string;
  /** The message's place in the stream, from 1. */
  readonly sequence: string;
  /** The number of this delivery, from 1. */
  readonly deliveryCount: number;
  /** When the stream stored the message, in nanoseconds since 1970. */
  readonly storedAtNanoseconds: bigint;
}

/**
 * Reads the subject by which a message is acknowledged:
 * `$JS.ACK.<domain>.<account>.<stream>.<consumer>.<deliveries>.<sequence>.<…>.<time>.<…>`, in older servers without domain
 * and account.
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md
 * @throws an error if the message doesn't come from a JetStream consumer
 */
export function readDeliveryInfo(subject: string): DeliveryInfo {
  const tokens = subject.split('.');
  const [stream, , deliveries, sequence, , time] = tokens.slice(tokens.length === 9 ? 2 : 4);
  if (
    !subject.startsWith('$JS.ACK.') ||
    stream === undefined ||
    sequence === undefined ||
    time === undefined
  ) {
    throw new Error(`NATS sent a message that isn't JetStream's: its reply subject is ${subject}`);
  }
  return {
    stream,
    sequence,
    deliveryCount: Number(deliveries),
    storedAtNanoseconds: BigInt(time),
  };
}
