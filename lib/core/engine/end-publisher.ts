import { OutcomeUnpublishable, StoreUnavailable } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import { briefly, failure, type Outcome, outcomeOf } from '../model/outcome.ts';
import type { DeadLetter } from '../model/request-record.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import type { RequestRecords } from '../records/request-records.ts';
import { ATTRIBUTES } from '../wire/attributes.ts';
import { encodeDeadLetter } from '../wire/encode-dead-letter.ts';
import type { AttemptEnd } from './attempt.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { Publication } from './batch-publisher.ts';
import type { Circuit } from './circuit-breaker.ts';
import type { Shift } from './deadline.ts';
import type { EnginePorts, EngineSettings } from './engine-settings.ts';
import type { FailureEvents } from './failure-events.ts';
import { handedInAt, latestOf, receivesOf, type Task } from './job.ts';
import type { Announcer } from './outcome-publisher.ts';
import { ResultKeeper } from './result-keeper.ts';

/** What an {@link EndPublisher} works with. */
export interface EndPublisherTools {
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly records: RequestRecords;
  readonly announcer: Announcer;
  /** Of the queues that it sends to. */
  readonly circuit: Circuit;
  readonly metrics: BatchMetrics | undefined;
  readonly failureEvents: FailureEvents | undefined;
  readonly shift: Shift;
}

/** An outcome, and whether the output queue has it. */
interface Published {
  readonly outcome: Outcome;
  readonly publication: Publication;
}

/**
 * Publishes how requests ended. A queue that refuses an outcome for the outcome's own fault is not down: the outcome is
 * sent in another form, and at last its message goes to the dead-letter queue, so that a refusal holds up nothing else.
 */
export class EndPublisher {
  readonly #tools: EndPublisherTools;

  constructor(tools: EndPublisherTools) {
    this.#tools = tools;
  }

  /**
   * Publishes an end, enqueues its webhook, and dead-letters its message where that is due: then the message is done.
   * @throws StoreUnavailable when a queue doesn't take what it should
   */
  async publish({ outcome: ended, deadLetter }: AttemptEnd, task: Task): Promise<void> {
    await this.#publish(ended, deadLetter, task);
    this.#tools.circuit.succeeded();
  }

  async #publish(ended: Outcome, deadLetter: DeadLetter, task: Task): Promise<void> {
    this.#log(ended);
    const { outcome, publication } = await this.#publishInSomeForm(ended, task);
    this.#count(outcome, publication, task);
    if (!publication.published) {
      await this.#deadLetter(task, outcome, 'outcome_unpublishable', publication.reason);
      return;
    }
    const webhook = await this.#sent(
      'The webhook queue',
      this.#tools.announcer.enqueueWebhook(outcome),
      task,
    );
    if (!webhook.published) await this.#deadLetter(task, outcome, 'webhook_unpublishable', webhook.reason);
    if (deadLetter !== 'due' || outcome.status === 'succeeded') return;
    const letter = await this.#deadLetter(task, outcome, outcome.problem.code, outcome.problem.detail);
    await this.#noteDeadLetter(outcome, !(ATTRIBUTES.deadLetterRedrives in letter.attributes));
  }

  /** Publishes the outcome as it is, or in a smaller form; a success that the queue takes in no form ends as a failure. */
  async #publishInSomeForm(outcome: Outcome, task: Task): Promise<Published> {
    const direct = await this.#published(outcome, task);
    if (direct.publication.published) return direct;
    this.#warnOfRefusal(outcome, direct.publication.reason);
    const smaller = await this.#smallerForm(outcome);
    const { publication } = smaller ? await this.#published(smaller, task) : direct;
    if (smaller && publication.published) return { outcome: smaller, publication };
    if (outcome.status !== 'succeeded' || publication.published) return { outcome, publication };
    return this.#publishInSomeForm(await this.#recordFailure(outcome, publication.reason), task);
  }

  async #smallerForm(outcome: Outcome): Promise<Outcome | undefined> {
    const { settings, ports, records, shift } = this.#tools;
    if (outcome.status !== 'succeeded') return briefly(outcome);
    const { createdAt = outcome.endedAt, attempts: attempt = 1 } =
      (await this.#before(records.find(outcome.request), 'The request table')) ?? {};
    const results = new ResultKeeper(outcome.request, settings, ports);
    const referring = results.byReference(outcome, { createdAt, attempt }, shift.closing);
    return this.#before(referring, 'The payload bucket');
  }

  /** The record must not say that a request succeeded whose success can't be published. */
  async #recordFailure({ request, ...outcome }: Outcome, reason: string): Promise<Outcome> {
    const { records, ports } = this.#tools;
    const found = await this.#before(records.find(request), 'The request table');
    const ending = failure(new OutcomeUnpublishable(reason), found?.attempts ?? 1);
    const failed = outcomeOf({ ...outcome, ...request }, ending, ports.clock.now(), outcome.redrives);
    const { stored } = await this.#before(
      records.change(request, { type: 'unpublishable', outcome: failed }),
      'The request table',
    );
    return stored.record.outcome ?? failed;
  }

  async #published(outcome: Outcome, task: Task): Promise<Published> {
    const publication = await this.#sent('The output queue', this.#tools.announcer.publish(outcome), task);
    return { outcome, publication };
  }

  async #deadLetter(task: Task, outcome: Outcome, code: string, detail: string): Promise<OutputMessage> {
    const { ports, announcer, metrics } = this.#tools;
    const attempts = outcome.status === 'succeeded' ? receivesOf(task) : outcome.problem.attempts;
    const { redrives = 0, request } = outcome;
    const reason = {
      requestId: request.id,
      code,
      detail,
      attempts,
      handedInAt: handedInAt(task),
      redrives,
    };
    const letter = encodeDeadLetter(latestOf(task), reason, ports.deadLetters);
    const publication = await this.#sent('The dead-letter queue', announcer.deadLetter(letter), task);
    // Left in the input queue until SQS itself moves it there.
    if (!publication.published) throw new StoreUnavailable('The dead-letter queue', publication.reason);
    metrics?.deadLettered();
    return letter;
  }

  /** Without the note, the next delivery of the message publishes and dead-letters once more. */
  async #noteDeadLetter({ request, redrives = 0 }: Outcome, bare: boolean): Promise<void> {
    const { records, shift, ports } = this.#tools;
    try {
      await unlessAborted(
        records.change(request, { type: 'dead_letter', redrives, bare }),
        shift.closing,
        () => {
          throw new Error("the request table didn't answer before the deadline");
        },
      );
    } catch (error) {
      const fields = { ...requestFields(request), error: serializeError(error) };
      ports.logger.warn('The record could not note a dead letter', fields);
    }
  }

  /**
   * What became of a message.
   * @throws StoreUnavailable when it isn't known to be sent, and isn't refused for its own fault
   */
  async #sent(queue: string, publication: Promise<Publication>, task: Task): Promise<Publication> {
    const { circuit, shift } = this.#tools;
    const result = await unlessAborted(publication, shift.closing, () => UNANSWERED);
    if (result.published || result.refused) return result;
    const unavailable = new StoreUnavailable(queue, result.reason);
    circuit.failed(unavailable, receivesOf(task));
    throw unavailable;
  }

  /** @throws StoreUnavailable when the promise rejects or the time is over */
  async #before<Value>(promise: Promise<Value>, store: string): Promise<Value> {
    try {
      return await unlessAborted(promise, this.#tools.shift.closing, () => {
        throw new Error("it didn't answer before the deadline");
      });
    } catch (error) {
      throw new StoreUnavailable(store, error);
    }
  }

  #count(outcome: Outcome, { published }: Publication, task: Task): void {
    const { metrics, failureEvents } = this.#tools;
    if (published) metrics?.published(outcome, handedInAt(task));
    failureEvents?.add(outcome);
  }

  #log(outcome: Outcome): void {
    const { status, request, traceparent } = outcome;
    const about = requestFields({ ...request, traceparent });
    const { logger } = this.#tools.ports;
    if (status === 'succeeded') {
      logger.debug('Request succeeded', { ...about });
    } else {
      const { code, detail, attempts } = outcome.problem;
      logger.warn(`Request ${status}`, { ...about, code, detail, attempt: attempts });
    }
  }

  #warnOfRefusal({ request, traceparent }: Outcome, reason: string): void {
    const fields = { ...requestFields({ ...request, traceparent }), reason };
    this.#tools.ports.logger.warn(
      'The output queue refuses the outcome: it is sent in a smaller form',
      fields,
    );
  }
}

const UNANSWERED: Publication = {
  published: false,
  refused: false,
  reason: "the queue didn't answer before the deadline",
};
