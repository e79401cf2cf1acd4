import type { SQSBatchResponse } from 'aws-lambda';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import { Deadline } from '../core/engine/deadline.ts';
import type { Engine } from '../core/engine/engine.ts';
import { triage } from '../core/engine/isolation.ts';
import { deliveryCountOf } from '../core/engine/job.ts';
import { runInOrder, type Sequence, sequencesOf } from '../core/engine/ordering.ts';
import type { Disposition, Settlement } from '../core/model/disposition.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { settleBatch, settleQuietly } from './batch-response.ts';

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
    const settlements = await this.#runWithIsolation(sequencesOf(distinct), deadline);
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
   * Runs suspects after the others, one at a time, and settles each message before the next one may crash the process. From
   * the isolation deadline on, the rest runs at once, so that a slow message doesn't use up the time of all.
   */
  async #runWithIsolation(sequences: readonly Sequence[], deadline: Deadline): Promise<Settlement[]> {
    const { visibilityTimeoutSeconds, now, logger } = this.#options;
    const { sound, suspect } = triage(sequences, visibilityTimeoutSeconds, now());
    if (suspect.length === 0) return this.#run(sound, (message) => this.#engine.run(message, deadline));
    logger.warn('Messages that may have crashed a process run one at a time', {
      messageIds: suspect.flat().map(({ id }) => id),
    });
    const { isolationDeadline } = deadline;
    const runAndAcknowledge = (message: ReceivedMessage) => this.#runAndAcknowledge(message, deadline);
    const runs = [this.#run(sound, runAndAcknowledge)];
    const waiting = [...suspect];
    while (waiting.length > 0) {
      await unlessAborted(Promise.all(runs), isolationDeadline, () => []);
      const next = waiting.splice(0, isolationDeadline.aborted ? waiting.length : 1);
      runs.push(this.#run(next, runAndAcknowledge));
    }
    return (await Promise.all(runs)).flat();
  }

  async #runAndAcknowledge(message: ReceivedMessage, deadline: Deadline): Promise<Disposition> {
    const disposition = await this.#engine.run(message, deadline);
    if (disposition.action !== 'retry') {
      const { logger } = this.#options;
      const failure = 'The input queue could not acknowledge a message';
      await settleQuietly(failure, [message.ack()], logger, deadline.responseDeadline);
    }
    return disposition;
  }

  /** Sequences with the most deliveries run first: a message that goes back too often ends in the dead-letter queue. */
  async #run(
    sequences: readonly Sequence[],
    run: (message: ReceivedMessage) => Promise<Disposition>,
  ): Promise<Settlement[]> {
    const endMeasurement = this.#engine.measureSlots();
    const mostDeliveredFirst = sequences.toSorted(([a], [b]) => deliveryCountOf(b) - deliveryCountOf(a));
    const settlements = await Promise.all(mostDeliveredFirst.map((sequence) => runInOrder(sequence, run)));
    endMeasurement();
    return settlements.flat();
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
