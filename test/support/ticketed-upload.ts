import type { ApiHarness } from './api-harness.ts';
import { delivery } from './delivery.ts';
import { s3Event, s3Record } from './s3-records.ts';

/** A payload a client uploads with its ticket. */
export interface Upload {
  readonly key: string;
  readonly content: string | Uint8Array;
}

/**
 * Uploads as a client does with a ticket's form or parts, and has S3 tell the engine.
 * @returns ids of messages to be delivered again
 */
export function upload(api: ApiHarness, { key, content }: Upload): Promise<string[]> {
  const { forms, completed } = api.transfers;
  const expected = [...forms, ...completed].map((one) => one.upload).find((one) => one.key === key);
  if (!expected) throw new Error(`Nobody was let upload to ${key}`);
  const { contentType, metadata } = expected;
  const versionId = api.harness.store.put(key, content, { contentType, metadata });
  const record = s3Record({ key, versionId, size: Buffer.byteLength(content) });
  return api.harness.process([delivery(s3Event(record), { id: crypto.randomUUID() })]);
}
