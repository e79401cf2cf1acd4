import { ENGINE_DEFAULTS } from '../../lib/core/config/engine-settings.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { OutputQueue } from '../../lib/core/ports/message-sink.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import type { RecordStore, StoredRecord } from '../../lib/core/ports/record-store.ts';
import { defineProcessor, type Handler } from '../../lib/core/processor/handler.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { Worker } from '../../lib/worker/worker.ts';
import { silentLogger } from '../support/silent-logger.ts';

/** What a way runs on. */
export interface Parts {
  readonly input: InputQueue;
  readonly output: OutputQueue;
  readonly records: RecordStore;
}

/** Most messages handled at a time. */
export const CONCURRENCY = 32;

/** Receives, publishes and acknowledges batches of messages, and keeps no records. */
export async function runLoop({ input, output }: Parts, count: number): Promise<void> {
  await using queue = input;
  const never = new AbortController().signal;
  for (let done = 0; done < count; ) {
    const messages = await queue.receive(CONCURRENCY, never);
    const results = await output.send(messages.map(({ body }) => ({ body, attributes: {} })));
    if (!results.every(({ sent }) => sent)) throw new Error('A message was not sent');
    await Promise.all(messages.map((message) => message.ack()));
    done += messages.length;
  }
}

/**
 * The same loop with two records a message, on the disk before the work and before the outcome is published: what it takes
 * to know after a crash which messages are done.
 */
export async function runRecordingLoop({ input, output, records }: Parts, count: number): Promise<void> {
  await using queue = input;
  const never = new AbortController().signal;
  for (let done = 0; done < count; ) {
    const messages = await queue.receive(CONCURRENCY, never);
    await Promise.all(messages.map((message) => records.write(recordOf(message, 'running'))));
    await Promise.all(messages.map((message) => records.write(recordOf(message, 'succeeded'))));
    const results = await output.send(messages.map(({ body }) => ({ body, attributes: {} })));
    if (!results.every(({ sent }) => sent)) throw new Error('A message was not sent');
    await Promise.all(messages.map((message) => message.ack()));
    done += messages.length;
  }
}

/** A record as a worker writes it before the work, or after it. */
export function recordOf(
  { id, sentAt }: Pick<ReceivedMessage, 'id' | 'sentAt'>,
  status: 'running' | 'succeeded',
): StoredRecord {
  const request = { id, source: '' };
  return {
    record: { request, status, attempts: 1, createdAt: sentAt, updatedAt: Date.now() },
    revision: status === 'running' ? 1 : 2,
    keptUntil: sentAt,
  };
}

/** Runs a worker until so many outcomes are published. */
export async function runWorker(
  { input, output, records }: Parts,
  count: number,
  handler: Handler,
  concurrency = CONCURRENCY,
): Promise<void> {
  const stop = new AbortController();
  let published = 0;
  const counting: OutputQueue = {
    maxMessages: output.maxMessages,
    maxBytes: output.maxBytes,
    maxMessageBytes: output.maxMessageBytes,
    lingerMilliseconds: output.lingerMilliseconds,
    sizeOf: (message) => output.sizeOf(message),
    send: async (messages) => {
      const results = await output.send(messages);
      published += results.filter(({ sent }) => sent).length;
      if (published >= count) stop.abort();
      return results;
    },
  };
  const settings = {
    ...ENGINE_DEFAULTS,
    serviceName: 'bench',
    claimCheckSources: ['payloads'],
    concurrency,
  };
  const ports = { clock: Date, random: Math.random, logger: silentLogger };
  const engine = new Engine(defineProcessor(handler), settings, {
    ...ports,
    store: new MemoryPayloadStore(),
    records,
    output: counting,
  });
  const options = { concurrency, prefetch: concurrency, graceSeconds: 10 };
  await new Worker(engine, input, { ...ports, ...options }).run(stop.signal);
}
