import type { SQSBatchResponse } from 'aws-lambda';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import { Deadline } from '../core/engine/deadline.ts';
import type { Engine } from '../core/engine/engine.ts';
import { triage } from '../core/engine/isolation.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { type Settlement, settleBatch, settleQuietly } from './batch-response.ts';

/** Options of a {@link BatchHost}. */
export interface BatchHostOptions {
  /** How long a message stays hidden after a crash. A message that was hidden for that long may have caused one. */
  readonly visibilityTimeoutSeconds: number;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Runs an engine over the batches of a Lambda event source with partial batch responses: Lambda deletes the messages that
 * aren't returned as failures. A lease lasts until Lambda kills the invocation, since its holder can't live longer.
 */
export class BatchHost {
  readonly #engine: Engine;
  readonly #options: BatchHostOptions;

  constructor(engine: Engine, options: BatchHostOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /**
   * Handles a batch. Failures of single messages don't reject it.
   * @param killedAt when Lambda kills the invocation, in milliseconds since 1970
   * @returns the messages to deliver again; all others are done
   */
  async handle(messages: readonly ReceivedMessage[], killedAt: number): Promise<SQSBatchResponse> {
    const { now, logger } = this.#options;
    using deadline = new Deadline(now(), killedAt);
    const { responseDeadline } = deadline;
    const distinct = [...new Map(messages.map((message) => [message.id, message])).values()];
    const settlements = await this.#runWithIsolation(distinct, deadline);
    const [response] = await Promise.all([
      settleBatch(this.#delayed(settlements), logger, responseDeadline),
      this.#engine.flush(responseDeadline),
    ]);
    const redelivered = response.batchItemFailures.length;
    logger.info('Batch processed', {
      messages: messages.length,
      acknowledged: distinct.length - redelivered,
      redelivered,
      milliseconds: now() - deadline.startedAt,
    });
    return response;
  }

  /**
   * Runs suspects after the others, one at a time, and settles each before the next one may crash the process. From the
   * isolation deadline on, the rest runs at once, so that a slow message doesn't use up the time of all.
   */
  async #runWithIsolation(messages: readonly ReceivedMessage[], deadline: Deadline): Promise<Settlement[]> {
    const { visibilityTimeoutSeconds, now, logger } = this.#options;
    const { sound, suspect } = triage(messages, visibilityTimeoutSeconds, now());
    if (suspect.length === 0) return this.#run(sound, deadline);
    logger.warn('Messages that may have crashed a process run one at a time', {
      messageIds: suspect.map(({ id }) => id),
    });
    const { isolationDeadline } = deadline;
    const runs = [this.#runAndAcknowledge(sound, deadline)];
    const waiting = [...suspect];
    while (waiting.length > 0) {
      await unlessAborted(Promise.all(runs), isolationDeadline, () => []);
      const next = waiting.splice(0, isolationDeadline.aborted ? waiting.length : 1);
      runs.push(this.#runAndAcknowledge(next, deadline));
    }
    return (await Promise.all(runs)).flat();
  }

  async #runAndAcknowledge(messages: readonly ReceivedMessage[], deadline: Deadline): Promise<Settlement[]> {
    const settlements = await this.#run(messages, deadline);
    const acks = settlements.flatMap(([message, { action }]) => (action === 'retry' ? [] : [message.ack()]));
    const { logger } = this.#options;
    await settleQuietly(
      'The input queue could not acknowledge messages',
      acks,
      logger,
      deadline.responseDeadline,
    );
    return settlements;
  }

  /** Messages with the most deliveries run first: one that goes back too often ends in the dead-letter queue. */
  async #run(messages: readonly ReceivedMessage[], deadline: Deadline): Promise<Settlement[]> {
    const endMeasurement = this.#engine.measureSlots();
    const ordered = messages.toSorted((a, b) => (b.deliveryCount ?? 1) - (a.deliveryCount ?? 1));
    const running = ordered.map(
      async (message) => [message, await this.#engine.run(message, deadline)] as const,
    );
    const settlements = await Promise.all(running);
    endMeasurement();
    return settlements;
  }

  /** Adjusts the delays, now that the engine knows whether processing pauses. */
  #delayed(settlements: readonly Settlement[]): Settlement[] {
    return settlements.map(([message, disposition]) => {
      if (disposition.action !== 'retry') return [message, disposition];
      const afterSeconds = this.#engine.retrySeconds(message, disposition.afterSeconds);
      return [message, { action: 'retry', afterSeconds }];
    });
  }
}
