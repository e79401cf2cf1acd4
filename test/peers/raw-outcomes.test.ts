import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { localClients } from '../../lib/local/clients.ts';
import { requestDelivery } from '../support/delivery.ts';
import { EngineHarness } from '../support/engine-harness.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

interface Received {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const results: Readonly<Record<string, unknown>> = {
  small: { x: 1 },
  large: 'ü'.repeat(1_000),
  empty: Buffer.alloc(0),
  binary: Buffer.alloc(300, 255),
  'large-binary': Buffer.alloc(3_000, 255),
};

test.runIf(await hasToolchain('python'))(
  'B7: the extended client for Python receives raw outcomes, binary ones among them',
  { timeout: INSTALL_TIMEOUT_MILLISECONDS },
  async () => {
    const endpoint = inject('endpoint');
    const { sqs, s3 } = localClients(endpoint);
    const name = `raw-${crypto.randomUUID()}`;
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    const harness = new EngineHarness(({ id }) => results[id], {
      outputFormat: 'raw',
      inlineLimitBytes: 1_000,
      ports: { store: new S3PayloadStore(s3, name), output: new SqsOutputQueue(sqs, QueueUrl) },
    });
    const ids = Object.keys(results);
    expect(await harness.process(ids.map((id) => requestDelivery(id)))).toEqual([]);

    const program = join(peerFolder('python'), 'receive_extended.py');
    const args = [program, endpoint, QueueUrl, name, String(ids.length)];
    const received: Received[] = JSON.parse(await runProgram(await installPythonPeers(), args));
    const bodies = Object.fromEntries(received.map(({ body, attributes }) => [attributes.RequestId, body]));
    expect(bodies).toEqual({
      small: '{"x":1}',
      large: JSON.stringify(results.large),
      empty: '',
      binary: expect.stringMatching(/^s3:\/\/raw-.*\/results\/binary\//),
      'large-binary': expect.stringMatching(/^s3:\/\/raw-.*\/results\/large-binary\//),
    });
  },
);
