import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { localClients } from '../../lib/local/clients.ts';
import type { MemoryMessage } from '../../lib/stores/memory/input-queue.ts';
import { requestDelivery } from '../support/delivery.ts';
import { EngineHarness } from '../support/engine-harness.ts';
import { peerFolder } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { awsVariables, createQueue, receiveMessages, runMessages } from '../support/peers/sqs-messages.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

/** A message as a consumer that uses an extended client sees it. */
interface Consumed {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The extended clients, each by how its program is started. */
const CLIENTS = {
  Python: {
    isThere: await hasToolchain('python'),
    program: async () => [await installPythonPeers(), join(peerFolder('python'), 'extended_client_peer.py')],
  },
  Java: {
    isThere: await hasToolchain('java'),
    program: async () => [
      'java',
      '-cp',
      await installJavaPeers(),
      join(peerFolder('java'), 'ExtendedClientPeer.java'),
    ],
  },
};

const { s3, sqs } = localClients(inject('endpoint'));

const env = awsVariables(inject('endpoint'));

describe.each(Object.entries(CLIENTS).filter(([, { isThere }]) => isThere))(
  'the extended client for %s',
  (_, client) => {
    let command = '';
    let args: string[] = [];
    let bucket = '';
    let queue = '';
    beforeAll(async () => {
      [command = '', ...args] = await client.program();
      bucket = `peers-${crypto.randomUUID()}`;
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
      queue = await createQueue(sqs);
    });

    test('B6: what it offloads means the same as what it sends inline', async () => {
      const event = {
        specversion: '1.0',
        id: 'order-17',
        source: '/shop',
        type: 'order.placed',
        data: { x: 6 },
      };
      const messages = [
        { body: '{"x":6,"y":7}', attributes: { RequestId: 'json' } },
        { body: JSON.stringify(event), attributes: {} },
        { body: 'plain text, ü', attributes: { RequestId: 'text', Tenant: 'acme' } },
        { body: 'a,b\n1,2', attributes: { RequestId: 'csv', ContentType: 'text/csv' } },
      ];
      const all = [false, true].flatMap((isLarge) => messages.map((message) => ({ ...message, isLarge })));
      await runProgram(command, [...args, 'send', queue, bucket], { env, input: JSON.stringify(all) });
      const deliveries = await receiveMessages(sqs, queue, 2 * messages.length);
      const isOffloaded = ({ body }: MemoryMessage) => body.startsWith('["software.amazon');
      const inline = await handled(deliveries.filter((each) => !isOffloaded(each)));
      expect(await handled(deliveries.filter(isOffloaded))).toEqual(inline);
      expect(inline).toEqual({
        json: { text: '{"x":6,"y":7}', contentType: 'application/json' },
        'order-17': { text: '{"x":6}', contentType: 'application/json' },
        text: { text: 'plain text, ü', contentType: expect.stringMatching(/^text\/plain/) },
        csv: { text: 'a,b\n1,2', contentType: 'text/csv' },
      });
    });

    test('B7: it can read every raw outcome', async () => {
      const output = await createQueue(sqs);
      const results: Readonly<Record<string, () => unknown>> = {
        json: () => ({ x: 6 }),
        binary: () => new Response(Uint8Array.from({ length: 300 }, (_, index) => index % 256)),
        largeText: () => 'ü'.repeat(50_000),
        largeBinary: () => new Uint8Array(50_000).fill(0xff),
        empty: () => new Uint8Array(),
      };
      const harness = new EngineHarness((request) => results[request.id]?.(), {
        outputFormat: 'raw',
        inlineLimitBytes: 10_000,
        ports: { store: new S3PayloadStore(s3, bucket), output: new SqsOutputQueue(sqs, output) },
      });
      const names = Object.keys(results);
      expect(await harness.process(names.map((name) => requestDelivery(name)))).toEqual([]);

      const printed = await runProgram(command, [...args, 'receive', output, bucket, String(names.length)], {
        env,
      });
      const consumed: readonly Consumed[] = JSON.parse(printed);
      const bodies = Object.fromEntries(consumed.map(({ body, attributes }) => [attributes.RequestId, body]));
      expect(Object.keys(bodies).sort()).toEqual(names.sort());
      expect(JSON.parse(bodies.json ?? '')).toEqual({ x: 6 });
      expect(JSON.parse(bodies.largeText ?? '')).toBe('ü'.repeat(50_000));
      expect(bodies.empty).toBe('');
      for (const name of ['binary', 'largeBinary']) {
        expect(bodies[name], name).toMatch(new RegExp(`^s3://${bucket}/`));
      }
    });
  },
);

/** What a handler got of each request, as text. */
async function handled(deliveries: readonly MemoryMessage[]) {
  const { handled } = await runMessages(deliveries, {
    ports: { store: new S3PayloadStore(s3, 'results') },
    claimCheckSources: bucketsOf(deliveries),
  });
  const texts = Object.entries(handled).map(([id, { bytes, contentType }]) => [
    id,
    { text: bytes.toString(), contentType },
  ]);
  return Object.fromEntries(texts);
}

/** The buckets that pointers name. */
function bucketsOf(deliveries: readonly MemoryMessage[]): string[] {
  return deliveries.flatMap(({ body }) => /"s3BucketName":\s*"([^"]+)"/.exec(body)?.[1] ?? []);
}
