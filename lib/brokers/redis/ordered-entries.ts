import { unlessAborted } from '../../core/base/unless-aborted.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { ExclusiveLease } from '../exclusive-lease.ts';
import type { RedisConnection } from './connection.ts';
import type { StreamEntry } from './entry.ts';
import { parseOrderedReply } from './replies.ts';
import { READ_IN_ORDER, RELEASE_LEASE, TAKE_LEASE } from './scripts.ts';
import { besideStream, type RedisInputUrl } from './url.ts';

/** The cursor before the first pending entry. */
const START = '0-0';

/** What {@link OrderedEntries} works with. */
export interface OrderedEntriesOptions {
  readonly url: RedisInputUrl;
  readonly consumer: string;
  readonly commands: RedisConnection;
  readonly logger: Logger;
  readonly end: (reason: Error) => void;
}

/**
 * The entries of a stream in their order, for one worker at a time. It first claims what the workers before it have left, and
 * then reads new entries. Each read fails if another worker has the lease: this one may have been suspended.
 */
export class OrderedEntries {
  readonly #options: OrderedEntriesOptions;
  readonly #keys: readonly string[];
  readonly #lease: ExclusiveLease;
  /** Where claiming goes on; empty when everything is claimed. */
  #cursor = START;

  constructor(options: OrderedEntriesOptions) {
    const { url, consumer, commands, logger, end } = options;
    const { stream, visibilitySeconds } = url;
    this.#options = options;
    const lease = besideStream(stream, 'active');
    this.#keys = [stream, lease];
    this.#lease = new ExclusiveLease({
      store: {
        take: async () =>
          (await commands.run(TAKE_LEASE, [lease], [consumer, String(visibilitySeconds * 1_000)])) === 1,
        release: async () => void (await commands.run(RELEASE_LEASE, [lease], [consumer])),
      },
      seconds: visibilitySeconds,
      queue: stream,
      logger,
      onLost: end,
    });
  }

  /** @returns perhaps none; then `last` is the id after which new entries come, or undefined if the signal has fired */
  async next(max: number, signal: AbortSignal): Promise<{ entries: readonly StreamEntry[]; last?: string }> {
    await unlessAborted(this.#lease.held, signal, () => {});
    if (signal.aborted) return { entries: [] };
    const { url, consumer, commands, logger, end } = this.#options;
    const reply = await commands.run(READ_IN_ORDER, this.#keys, [
      url.group,
      consumer,
      String(max),
      this.#cursor,
    ]);
    if (reply === null) {
      const reason = new Error(`another worker receives from ${url.stream} now`);
      end(reason);
      throw reason;
    }
    const { entries, cursor, last, lost } = parseOrderedReply(reply);
    const isClaiming = this.#cursor !== '';
    this.#cursor = cursor;
    if (lost.length > 0) {
      logger.error('Messages are lost: another client deleted them from the stream, or trimmed it', {
        stream: url.stream,
        ids: lost,
      });
    }
    return entries.length === 0 && !isClaiming ? { entries, last } : { entries };
  }

  lost(reason: Error): void {
    this.#lease.abandon(reason);
  }

  close(): Promise<void> {
    return this.#lease[Symbol.asyncDispose]();
  }
}
