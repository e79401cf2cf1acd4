import { beforeAll, describe, expect, test } from 'vitest';
import { decodeContent, encodeMessage } from '../../lib/brokers/pubsub/message.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { encodeBinaryCloudEvent } from '../../lib/core/wire/encode-cloudevent-binary.ts';
import { outcomes } from '../golden/samples.ts';
import { buildGoPeer } from '../support/peers/go.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

/** What the SDK read of an event. */
interface Reading {
  readonly type?: string;
  readonly subject?: string;
  readonly dataContentType?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Base64. */
  readonly data?: string;
  readonly error?: string;
}

/** A message that the SDK wrote, and what it read of it. */
interface Writing {
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: string;
  readonly reading: Reading;
}

interface Output {
  readonly readings: readonly Reading[];
  readonly binary: Writing;
  readonly structured: Writing;
}

type Message = ReturnType<typeof encodeMessage>;

describe.runIf(await hasToolchain('go'))("CloudEvents' SDK for Go on Pub/Sub", () => {
  let program = '';
  beforeAll(async () => {
    program = await buildGoPeer('cloudevents', 'pubsub');
  });

  async function run(messages: readonly Pick<Message, 'attributes' | 'data'>[]): Promise<Output> {
    const input = messages.map(({ attributes, data }) => ({
      attributes,
      data: Buffer.from(data).toString('base64'),
    }));
    return JSON.parse(await runProgram(program, [], { input: JSON.stringify(input) }));
  }

  test.each([
    ['binary', encodeBinaryCloudEvent],
    ['structured', encodeCloudEvent],
  ])('reads every outcome in %s mode', async (_, encode) => {
    const messages = Object.values(outcomes).map((outcome) => encodeMessage(encode(outcome, 'service')));
    const { readings } = await run(messages);
    const by = Object.fromEntries(Object.keys(outcomes).map((name, index) => [name, readings[index]]));
    for (const [name, outcome] of Object.entries(outcomes)) {
      expect(by[name], name).not.toHaveProperty('error');
      expect(by[name], name).toMatchObject({
        type: `coatcheck.request.${outcome.status}`,
        subject: outcome.request.id,
      });
    }
    expect(by.bytes).toMatchObject({ dataContentType: 'image/png', data: 'AP/+AQ==' });
    expect(by.stored?.extensions).toMatchObject({ dataref: expect.stringMatching(/^s3:\/\/payloads\//) });
  });

  test("v2.16.2 doesn't see the content type in the spelling of Google's binding", async () => {
    const attributes = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 's', 'ce-type': 't' };
    const { readings } = await run([
      { attributes: { ...attributes, 'content-type': 'text/plain' }, data: Buffer.from('a') },
      { attributes: { ...attributes, 'Content-Type': 'text/plain' }, data: Buffer.from('a') },
    ]);
    expect(readings.map(({ dataContentType }) => dataContentType)).toEqual([undefined, 'text/plain']);
  });

  test.each(['binary', 'structured'] as const)(
    'writes events in %s mode that are understood',
    async (mode) => {
      const { [mode]: written } = await run([]);
      const message = { ...decodeContent(written), id: 'm-1', sentAt: 0 };
      const [decoded] = decode(message, { maxJsonDepth: 100 });
      expect(decoded).toMatchObject({ id: '1', source: '/go' });
    },
  );

  test("v2.16.2 can't read the events that it writes in structured mode", async () => {
    const { structured } = await run([]);
    expect(structured).toMatchObject({ attributes: {}, reading: { error: 'unknown Message encoding' } });
  });
});
