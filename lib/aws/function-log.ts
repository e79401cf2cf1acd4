import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  type FilteredLogEvent,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';

/** Time between polls of a log that is followed. CloudWatch allows 5 such calls a second. */
const POLL_MILLISECONDS = 1_000;

/** How much later than newer lines a line may become visible. */
const LATE_MILLISECONDS = 60_000;

/** Which lines to read. */
export interface LogQuery {
  readonly group: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Only lines about this request, as far as CloudWatch can filter them. */
  readonly requestId?: string;
  /** Whether to follow the log until the signal fires. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** The log of a function in CloudWatch. */
export class FunctionLog {
  readonly #client: CloudWatchLogsClient;

  constructor(config: CloudWatchLogsClientConfig) {
    this.#client = new CloudWatchLogsClient(config);
  }

  /**
   * Reads lines, the oldest first. If `follow` is set it returns when the signal fires.
   * @throws the signal's reason otherwise
   */
  async *lines(query: LogQuery): AsyncGenerator<string, void> {
    const { follow, signal } = query;
    const seen = new Map<string, number>();
    let since = query.since;
    do {
      for await (const event of this.#events(query, since)) {
        const { eventId, timestamp = 0, logStreamName, message = '' } = event;
        const key = eventId ?? `${logStreamName} ${timestamp} ${message}`;
        if (seen.has(key)) continue;
        seen.set(key, timestamp);
        yield message;
      }
      if (!follow) return;
      // Lines may appear out of order: the last minute is read again, without the lines already seen.
      since = Math.max(since, Math.max(since, ...seen.values()) - LATE_MILLISECONDS);
      for (const [key, timestamp] of seen) if (timestamp < since) seen.delete(key);
      await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => {});
    } while (!signal.aborted);
  }

  async *#events({ group, requestId, follow, signal }: LogQuery, startTime: number) {
    let nextToken: string | undefined;
    do {
      const command = new FilterLogEventsCommand({
        logGroupName: group,
        startTime,
        filterPattern: requestId === undefined ? undefined : `{ $.requestId = ${JSON.stringify(requestId)} }`,
        nextToken,
      });
      try {
        const page = await this.#client.send(command, { abortSignal: signal });
        yield* (page.events ?? []) as readonly FilteredLogEvent[];
        nextToken = page.nextToken;
      } catch (error) {
        if (!signal.aborted) throw error;
        if (follow) return;
        throw signal.reason;
      }
    } while (nextToken !== undefined);
  }
}
