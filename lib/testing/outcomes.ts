import { type OutcomeFacts, readOutcome } from '../consumer/outcome.ts';
import { isJsonType, isTextType } from '../core/base/media-type.ts';
import type { Problem } from '../core/model/outcome.ts';
import type { MemoryPayloadStore } from '../stores/memory/payload-store.ts';

/** An outcome as a consumer of the output queue receives it, with its result read. */
export interface TestOutcome extends OutcomeFacts {
  readonly status: 'succeeded' | 'failed' | 'cancelled' | 'expired';
  /** Of a success: the value of JSON, the text of text, else the bytes. */
  readonly result?: unknown;
  /** The media type of the result. */
  readonly contentType?: string;
  /** Why it didn't succeed. */
  readonly problem?: Problem;
}

/** Reads the body of a message of the output queue. Large results come from the store. */
export async function readTestOutcome(body: string, store: MemoryPayloadStore): Promise<TestOutcome> {
  const outcome = readOutcome(body, {
    open: async ({ bucket, key }) =>
      ReadableStream.from([store.object(key, bucket)?.bytes ?? new Uint8Array()]),
  });
  if (outcome.status !== 'succeeded') return outcome;
  const { result, ...facts } = outcome;
  const { contentType } = result;
  if (isJsonType(contentType)) return { ...facts, contentType, result: await result.json() };
  const value = isTextType(contentType) ? await result.text() : new Uint8Array(await result.bytes());
  return { ...facts, contentType, result: value };
}
