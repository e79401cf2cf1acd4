import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatClaimCheck } from '../../lib/core/model/claim-check.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { outcomes } from '../golden/samples.ts';
import { delivery } from '../support/delivery.ts';
import { inlineOutcome } from '../support/outcomes.ts';
import { buildGoPeer } from '../support/peers/go.ts';
import { peerFolder } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

/** What an SDK read of an event. */
interface Reading {
  readonly type?: string;
  readonly subject?: string;
  readonly dataContentType?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Base64. */
  readonly data?: string | null;
  readonly error?: string;
}

/** Content types and contents of results. */
const RESULTS = [
  ['application/json', '{"product":42}'],
  ['application/json; charset=utf-8', '{"product":42}'],
  ['application/vnd.x+json', '{"product":42}'],
  ['application/vnd.x1+json', '{"product":42}'],
  ['application/problem+json', '{"title":"no"}'],
  ['text/json', '{"product":42}'],
  ['Application/JSON', '{"product":42}'],
  ['application/geo+json; charset=utf-8', '{"type":"Point"}'],
  ['text/plain;charset=UTF-8', 'żółć 🧥'],
  ['text/csv', 'a,b\n'],
  ['application/xml', '<a/>'],
  ['image/svg+xml', '<svg/>'],
  ['image/png', Buffer.from([137, 80, 0, 255])],
  ['application/octet-stream', ''],
] as const;

/** The SDKs, each by how its program is started. */
const SDKS = {
  JavaScript: {
    isThere: true,
    program: async () => {
      const { folder } = await installJsPeers();
      return [process.execPath, join(peerFolder('js'), 'cloudevents-peer.mjs'), join(folder, 'package.json')];
    },
  },
  Python: {
    isThere: await hasToolchain('python'),
    program: async () => [await installPythonPeers(), join(peerFolder('python'), 'cloudevents_peer.py')],
  },
  Go: { isThere: await hasToolchain('go'), program: async () => [await buildGoPeer('cloudevents')] },
  Java: {
    isThere: await hasToolchain('java'),
    program: async () => [
      'java',
      '-cp',
      await installJavaPeers(),
      join(peerFolder('java'), 'CloudEventsPeer.java'),
    ],
  },
};

describe.each(Object.entries(SDKS).filter(([, { isThere }]) => isThere))(
  "CloudEvents' SDK for %s",
  (_, sdk) => {
    let command = '';
    let args: string[] = [];
    beforeAll(async () => {
      [command = '', ...args] = await sdk.program();
    });

    test('B13: reads every outcome', async () => {
      const texts = Object.values(outcomes).map((outcome) => encodeCloudEvent(outcome, 'service').body);
      const readings: Reading[] = JSON.parse(
        await runProgram(command, [...args, 'read'], { input: JSON.stringify(texts) }),
      );
      const read = Object.fromEntries(Object.keys(outcomes).map((name, index) => [name, readings[index]]));
      for (const [name, outcome] of Object.entries(outcomes)) {
        expect(read[name], name).not.toHaveProperty('error');
        expect(read[name], name).toMatchObject({
          type: `coatcheck.request.${outcome.status}`,
          subject: outcome.request.id,
        });
      }
      expect(jsonIn(read.json)).toEqual({ product: 42, long: expect.anything() });
      expect(bytesIn(read.text).toString()).toBe('forty-two <b>');
      expect([...bytesIn(read.bytes)]).toEqual([0, 255, 254, 1]);
      expect(bytesIn(read.otherJson).toString()).toBe('{"a":1}');
      expect(jsonIn(read.failed)).toMatchObject({ code: 'csv_invalid', details: { line: 17 } });
      expect(jsonIn(read.cancelled)).toMatchObject({ code: 'request_cancelled' });
      expect(jsonIn(read.expired)).toMatchObject({ code: 'request_expired' });
      expect(read.stored?.data ?? null).toBeNull();
      expect(read.stored?.extensions).toMatchObject({ dataref: expect.stringMatching(/^s3:\/\/payloads\//) });
    });

    test('B13: reads results of every media type', async () => {
      const texts = RESULTS.map(
        ([type, content]) => encodeCloudEvent(inlineOutcome(content, type), 'shop').body,
      );
      const readings: Reading[] = JSON.parse(
        await runProgram(command, [...args, 'read'], { input: JSON.stringify(texts) }),
      );
      for (const [index, [type, content]] of RESULTS.entries()) {
        const reading = readings[index];
        expect(reading, type).not.toHaveProperty('error');
        expect(reading?.dataContentType).toBe(type);
        // An SDK may write JSON again that it has parsed.
        if (type.startsWith('application/json')) expect(jsonIn(reading)).toEqual(JSON.parse(String(content)));
        else expect([type, bytesIn(reading)]).toEqual([type, Buffer.from(content)]);
      }
    });

    test('B12: writes events that are understood', async () => {
      const events: Record<string, string> = JSON.parse(await runProgram(command, [...args, 'write']));
      const payloads = Object.fromEntries(
        Object.entries(events).map(([name, text]) => [name, payloadOf(text)]),
      );
      expect(payloads.withoutData?.bytes).toHaveLength(0);
      expect(JSON.parse(payloads.json?.bytes.toString() ?? '')).toEqual({ x: 2, y: 3 });
      expect(payloads.text).toMatchObject({ contentType: 'text/plain' });
      expect(payloads.text?.bytes.toString()).toBe('hello');
      expect(payloads.binary).toMatchObject({ contentType: 'application/octet-stream' });
      expect([...(payloads.binary?.bytes ?? [])]).toEqual([0, 255, 254, 1]);
    });
  },
);

function bytesIn(reading: Reading | undefined): Buffer {
  return Buffer.from(reading?.data ?? '', 'base64');
}

function jsonIn(reading: Reading | undefined): unknown {
  return JSON.parse(bytesIn(reading).toString());
}

/** The payload of the one request in a message. */
function payloadOf(text: string) {
  const [decoded] = decode(delivery(text), { maxJsonDepth: 64 });
  if (!decoded) throw new Error('the message holds no request');
  if ('rejection' in decoded) throw decoded.rejection;
  const { payload, contentType } = decoded;
  if ('unreadable' in payload) throw payload.unreadable;
  if (!('inline' in payload)) throw new Error(`the payload is at ${formatClaimCheck(payload)}`);
  return { bytes: Buffer.from(payload.inline), contentType };
}
