import type { ApiHarness } from './api-harness.ts';
import { delivery } from './delivery.ts';
import { s3Event, s3Record } from './s3-records.ts';

/** A payload that a client uploads with its ticket. */
export interface Upload {
  readonly key: string;
  readonly content: string | Uint8Array;
}

/**
 * Uploads like a client with a ticket's form or parts, and delivers S3's event to the engine.
 * @returns the ids of messages that need another delivery
 */
export function upload(api: ApiHarness, { key, content }: Upload): Promise<string[]> {
  const { forms, completed } = api.transfers;
  const expected = [...forms, ...completed].map((one) => one.upload).find((one) => one.key === key);
  if (!expected) throw new Error(`No ticket allows an upload to ${key}`);
  const { contentType, metadata } = expected;
  const versionId = api.harness.store.put(key, content, { contentType, metadata });
  const record = s3Record({ key, versionId, size: Buffer.byteLength(content) });
  return api.harness.process([delivery(s3Event(record), { id: crypto.randomUUID() })]);
}
