import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { payloadClient } from '../../lib/aws/s3-clients.ts';
import { PART_BYTES, PARTS_AT_ONCE, S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { engineSettings } from '../../test/support/settings.ts';
import { awsPorts, BUCKET, lambdaOn } from '../support/aws-ports.ts';
import { InProcessAws } from '../support/in-process-aws.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { sqsEvent } from '../support/sqs-event.ts';

/** Moves a payload of a given size in bytes. */
type Way = (bytes: number) => Promise<void>;

/** Ways to move a payload, by their names in the report. */
export const WAYS = {
  'bare copy': bareCopy,
  'engine copy': (bytes) => engine((request) => request.stream(), bytes),
  'bare read': bareRead,
  'engine read': (bytes) => engine(async (request) => ({ read: await countOf(request.stream()) }), bytes),
} satisfies Record<string, Way>;

export type WayName = keyof typeof WAYS;

const client = payloadClient(1);

/** The SDK alone, in parts of the engine's size. */
async function bareCopy(bytes: number): Promise<void> {
  const upload = new Upload({
    client,
    params: { Bucket: BUCKET, Key: 'results/copy', Body: await bodyOf(bytes) },
    partSize: PART_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  await upload.done();
}

async function bareRead(bytes: number): Promise<void> {
  const read = await countOf(await bodyOf(bytes));
  if (read !== bytes) throw new Error(`${read} of ${bytes} bytes arrived`);
}

async function bodyOf(bytes: number): Promise<Readable> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: `requests/${bytes}` }));
  if (!(Body instanceof Readable)) throw new TypeError('S3 answered without a stream');
  return Body;
}

async function countOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let read = 0;
  for await (const chunk of stream) read += chunk.byteLength;
  return read;
}

async function engine(handler: Handler, bytes: number): Promise<void> {
  const aws = new InProcessAws();
  const ports = { ...awsPorts(aws), store: new S3PayloadStore(client, BUCKET) };
  const settings = engineSettings({ claimCheckSources: [BUCKET], inlineLimitBytes: 1_024 });
  const engine = new Engine({ handler }, settings, {
    ...ports,
    logger: silentLogger,
    clock: Date,
    random: Math.random,
  });
  const event = sqsEvent([uploadNotice(bytes)]);
  const { batchItemFailures } = await lambdaOn(engine, aws)(event);
  if (batchItemFailures.length > 0) throw new Error('the engine gave the payload back');
}

function uploadNotice(size: number): string {
  const s3 = { bucket: { name: BUCKET }, object: { key: `requests/${size}`, size } };
  return JSON.stringify({ Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }] });
}
