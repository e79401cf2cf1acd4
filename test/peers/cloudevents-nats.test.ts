import { beforeAll, describe, expect, test } from 'vitest';
import { encodeMessage } from '../../lib/brokers/nats/message.ts';
import { encodeBinaryCloudEvent } from '../../lib/core/wire/encode-cloudevent-binary.ts';
import { outcomes } from '../golden/samples.ts';
import { inlineOutcome } from '../support/outcomes.ts';
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

type Outcome = Parameters<typeof encodeBinaryCloudEvent>[0];

describe.runIf(await hasToolchain('go'))("CloudEvents' SDK for Go, binary mode on NATS JetStream", () => {
  let program = '';
  beforeAll(async () => {
    program = await buildGoPeer('nats');
  });

  async function read(given: readonly Outcome[]): Promise<Reading[]> {
    const messages = given.map((outcome) => {
      const { data, headers } = encodeMessage(encodeBinaryCloudEvent(outcome, 'service'));
      return { headers: Object.fromEntries(headers), data: Buffer.from(data).toString('base64') };
    });
    return JSON.parse(await runProgram(program, [], { input: JSON.stringify(messages) }));
  }

  test('reads every outcome', async () => {
    const readings = await read(Object.values(outcomes));
    const by = Object.fromEntries(Object.keys(outcomes).map((name, index) => [name, readings[index]]));
    for (const [name, outcome] of Object.entries(outcomes)) {
      expect(by[name], name).not.toHaveProperty('error');
      expect(by[name], name).toMatchObject({
        type: `coatcheck.request.${outcome.status}`,
        subject: outcome.request.id,
      });
    }
    expect(by.bytes).toMatchObject({ dataContentType: 'image/png', data: 'AP/+AQ==' });
    expect(Buffer.from(by.text?.data ?? '', 'base64').toString()).toBe('forty-two <b>');
    expect(by.stored?.extensions).toMatchObject({ dataref: expect.stringMatching(/^s3:\/\/payloads\//) });
  });

  test('v2.16.2 leaves values percent-encoded, which the binding says to decode', async () => {
    const outcome = inlineOutcome('{}', 'application/json');
    const request = { ...outcome.request, id: 'order ż' };
    expect(await read([{ ...outcome, request }])).toMatchObject([{ subject: 'order%20%C5%BC' }]);
  });
});
