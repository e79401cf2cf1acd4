import { beforeAll, describe, expect, test } from 'vitest';
import { decodeRecord, encodeMessage } from '../../lib/brokers/kafka/message.ts';
import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { encodeBinaryCloudEvent } from '../../lib/core/wire/encode-cloudevent-binary.ts';
import { outcomes } from '../golden/samples.ts';
import { inlineOutcome } from '../support/outcomes.ts';
import { installJsPeers } from '../support/peers/js.ts';

/** What of the SDK this test uses. */
interface Sdk {
  readonly CloudEvent: new (event: Readonly<Record<string, unknown>>) => SdkEvent;
  readonly Kafka: {
    binary(event: SdkEvent): SdkMessage;
    structured(event: SdkEvent): SdkMessage;
    toEvent(message: Partial<SdkMessage>): SdkEvent;
  };
}

interface SdkEvent {
  readonly type: string;
  readonly subject?: string;
  readonly datacontenttype?: string;
  readonly data?: unknown;
  readonly dataref?: unknown;
  readonly partitionkey?: unknown;
}

interface SdkMessage {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly key?: string;
  readonly value: unknown;
}

describe("CloudEvents' SDK for JavaScript, its binding for Kafka", () => {
  let sdk: Sdk;
  beforeAll(async () => {
    sdk = (await installJsPeers()).load<Sdk>('cloudevents');
  });

  /** What the SDK reads of a message that we publish. It expects headers as texts. */
  function read(message: OutputMessage): SdkEvent {
    const { key, value, headers } = encodeMessage(message);
    return sdk.Kafka.toEvent({
      headers: Object.fromEntries([...headers].map(([name, text]) => [String(name), String(text)])),
      value,
      ...(key && { key: String(key) }),
    });
  }

  /** What we read of a message that the SDK has written, once its parts are bytes. */
  function receive({ headers, key, value }: SdkMessage) {
    const message = decodeRecord(
      {
        topic: 't',
        partition: 0,
        offset: 0n,
        timestamp: 0,
        key: key === undefined ? null : Buffer.from(key),
        value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
        headers: Object.entries(headers).map(([name, text]) => [
          Buffer.from(name),
          text === undefined ? null : Buffer.from(text),
        ]),
      },
      { isRetry: false },
    );
    return decode(message, { maxJsonDepth: 100 });
  }

  test('reads every outcome in binary mode, but for JSON without data, as of a reference to a large result', () => {
    for (const [name, outcome] of Object.entries(outcomes)) {
      const message = encodeBinaryCloudEvent(outcome, 'service');
      const isEmpty = message.body === '' && message.bytes === undefined;
      if (isEmpty && message.cloudEvent?.datacontenttype?.startsWith('application/json')) {
        // Of version 10.0.0.
        expect(() => read(message), name).toThrow('Unexpected end of JSON input');
        continue;
      }
      expect(read(message), name).toMatchObject({
        type: `coatcheck.request.${outcome.status}`,
        subject: outcome.request.id,
        partitionkey: outcome.request.id,
      });
    }
  });

  test('reads every outcome in structured mode', () => {
    for (const [name, outcome] of Object.entries(outcomes)) {
      const message = encodeCloudEvent(outcome, 'service');
      expect(read(message), name).toMatchObject({ subject: outcome.request.id });
    }
  });

  test('reads attributes as they are', () => {
    const outcome = inlineOutcome('{"a":1}', 'application/json');
    const request = { ...outcome.request, id: 'order ż 100%25' };
    const event = read(encodeBinaryCloudEvent({ ...outcome, request }, 'service'));
    expect(event).toMatchObject({
      subject: 'order ż 100%25',
      datacontenttype: 'application/json',
      data: { a: 1 },
    });
  });

  test.each(['binary', 'structured'] as const)('writes events that we read, in %s mode', (mode) => {
    const event = new sdk.CloudEvent({
      id: 'order ż 100%25',
      source: '/shop',
      type: 'ordered',
      datacontenttype: 'application/json',
      data: { order: 17 },
      tenant: 'a',
    });
    const message = sdk.Kafka[mode](event);
    const [request] = receive(message);
    expect(request).not.toHaveProperty('rejection');
    expect(request).toMatchObject({
      id: 'order ż 100%25',
      source: '/shop',
      contentType: 'application/json',
      payload: { inline: '{"order":17}' },
    });
  });
});
