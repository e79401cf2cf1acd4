import { setTimeout as sleep } from 'node:timers/promises';
import { HeadObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SMALL_CALLS } from '../../lib/aws/clients.ts';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { DEFAULT_UPLOAD_PREFIX } from '../../lib/core/config/settings.ts';
import { requestIdOfUpload } from '../../lib/core/model/request-id.ts';
import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { drawn } from './behaviour.ts';

/** Ways to submit a request; without an idempotency key, a lost answer leaves the request id unknown. */
export const DOORS = ['message', 'upload', 'API with a key', 'API without one'] as const;

/** A way to submit a request. */
export type Door = (typeof DOORS)[number];

/** Result of a submission: the request's ids; none if it was rejected or the answer was lost. */
export interface SoakSubmission {
  readonly door: Door;
  readonly ids: ReadonlySet<string>;
}

/** Where requests are submitted. */
export interface Counters {
  /** The proxy that disturbs calls. */
  readonly proxy: string;
  /** The undisturbed AWS. */
  readonly endpoint: string;
  /** Through the proxy. */
  readonly apiUrl: string;
  readonly inputQueueUrl: string;
  readonly bucket: string;
  readonly seed: number;
}

/** Share of requests by way. */
const SHARES: readonly (readonly [Door, number])[] = [
  ['message', 0.4],
  ['upload', 0.3],
  ['API with a key', 0.2],
  ['API without one', 0.1],
];

/** Shares of messages that expire within seconds, and of keys that are used again after their answer. */
const EXPIRING_SHARE = 0.02;
const EXPIRES_WITHIN_MILLISECONDS = 4_000;
const REPEATED_SHARE = 0.2;

/** Timeout of an API client. */
const PATIENCE_MILLISECONDS = 5_000;
const PAUSE_MILLISECONDS = 100;
const JSON_TYPE = 'application/json';

/** Additional random draws of a request, with numbers above any attempt. */
const DOOR_DRAW = 91;
const EXPIRY_DRAW = 92;
const REPEAT_DRAW = 93;

/** Returns a function that submits a request by number, in a random way, until it is certainly accepted. */
export function submitter(counters: Counters): (request: number) => Promise<SoakSubmission> {
  const { proxy, endpoint, apiUrl, inputQueueUrl, bucket, seed } = counters;
  const impatient = { ...localConfig(proxy), requestHandler: SMALL_CALLS };
  const s3 = new S3Client({ ...impatient, forcePathStyle: true });
  const calmS3 = new S3Client({ ...localConfig(endpoint), forcePathStyle: true });
  const sqs = new SQSClient(impatient);
  const client = new CoatcheckClient({
    baseUrl: apiUrl,
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) }),
    retry: { capMilliseconds: 1_000 },
  });

  const ways: Record<Door, (request: number) => Promise<readonly string[]>> = {
    message: async (request) => {
      const id = `soak-${request}`;
      const expiring = drawn(seed, request, EXPIRY_DRAW) / EXPIRING_SHARE;
      const expiresAt = new Date(Date.now() + expiring * EXPIRES_WITHIN_MILLISECONDS).toISOString();
      const attributes = { [ATTRIBUTES.requestId]: id, ...(expiring < 1 ? { ExpiresAt: expiresAt } : {}) };
      const message = new SendMessageCommand({
        QueueUrl: inputQueueUrl,
        MessageBody: payloadOf(request),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [
            name,
            { DataType: 'String', StringValue: value },
          ]),
        ),
      });
      await untilDone(() => sqs.send(message));
      return [id];
    },
    upload: async (request) => {
      const object = { Bucket: bucket, Key: `${DEFAULT_UPLOAD_PREFIX}soak/${request}` };
      const upload = new PutObjectCommand({
        ...object,
        Body: payloadOf(request),
        ContentType: JSON_TYPE,
        // Uploading it again would create another request.
        IfNoneMatch: '*',
      });
      await untilDone(() => s3.send(upload).catch(unlessThere));
      const { VersionId = '' } = await calmS3.send(new HeadObjectCommand(object));
      return [requestIdOfUpload({ bucket, key: object.Key, version: VersionId })];
    },
    'API with a key': async (request) => {
      const submit = () =>
        untilDone(() => client.submitJson({ n: request }, { idempotencyKey: `soak-${request}` }));
      const { id } = await submit();
      if (drawn(seed, request, REPEAT_DRAW) >= REPEATED_SHARE) return [id];
      return [id, (await submit()).id];
    },
    'API without one': async (request) => {
      const response = await fetch(`${apiUrl}/v1/requests`, {
        method: 'POST',
        headers: { 'Content-Type': JSON_TYPE },
        body: payloadOf(request),
        signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
      }).catch(() => undefined);
      if (response?.status !== 202) return [];
      const answer: unknown = await response.json();
      return typeof answer === 'object' && answer !== null && 'id' in answer ? [String(answer.id)] : [];
    },
  };
  return async (request) => {
    const door = doorOf(drawn(seed, request, DOOR_DRAW));
    return { door, ids: new Set(await ways[door](request)) };
  };
}

function doorOf(luck: number): Door {
  let left = luck;
  for (const [door, share] of SHARES) {
    left -= share;
    if (left < 0) return door;
  }
  return 'message';
}

function payloadOf(request: number): string {
  return JSON.stringify({ n: request });
}

/** Retries like a client that must not lose anything. */
async function untilDone<Value>(call: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await call();
    } catch {
      await sleep(PAUSE_MILLISECONDS);
    }
  }
}

function unlessThere(error: unknown): void {
  if (!(error instanceof S3ServiceException && error.name === 'PreconditionFailed')) throw error;
}
