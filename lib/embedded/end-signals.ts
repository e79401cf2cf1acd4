import { setTimeout as sleep } from 'node:timers/promises';
import { identityDigest, type RequestIdentity } from '../core/model/request-id.ts';
import type { RecordStore, StoredRecord, WriteResult } from '../core/ports/record-store.ts';

/** Waits for the end of a request. */
export interface EndSignal extends Disposable {
  /** Resolves when the request ends in this process, or after a time. Rejects when the signal fires. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Signals the ends of requests in this process. */
export class EndSignals {
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Wraps a store, to notice the ends that are written to it. */
  observing(store: Required<RecordStore>): RecordStore {
    return {
      read: (request) => store.read(request),
      write: async (next) => this.#noticed(next, await store.write(next)),
      writeKinds: store.writeKinds,
      writeWith: async (next, writes) => this.#noticed(next, await store.writeWith(next, writes)),
    };
  }

  #noticed({ record }: StoredRecord, result: WriteResult): WriteResult {
    if (result.written && record.outcome) this.#notify(keyOf(record.request));
    return result;
  }

  /** Watches a request, until it is disposed of. */
  watch(request: RequestIdentity): EndSignal {
    const key = keyOf(request);
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers);
    let ended = new AbortController();
    const notice = () => ended.abort();
    watchers.add(notice);
    return {
      wait: async (milliseconds, signal) => {
        const either = AbortSignal.any([ended.signal, signal]);
        await sleep(milliseconds, undefined, { signal: either }).catch(() => {});
        signal.throwIfAborted();
        if (ended.signal.aborted) ended = new AbortController();
      },
      [Symbol.dispose]: () => {
        watchers.delete(notice);
        if (watchers.size === 0) this.#watchers.delete(key);
      },
    };
  }

  #notify(key: string): void {
    for (const notice of this.#watchers.get(key) ?? []) notice();
  }
}

function keyOf(request: RequestIdentity): string {
  return identityDigest('record', request);
}
