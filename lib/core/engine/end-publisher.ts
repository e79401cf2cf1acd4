import { OutcomeUnpublishable, StoreUnavailable } from '../base/errors.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { EngineSettings } from '../config/engine-settings.ts';
import { ACK, DEAD_LETTER, type Disposition } from '../model/disposition.ts';
import { briefly, failure, type Outcome, outcomeOf } from '../model/outcome.ts';
import type { DeadLettering } from '../model/received-message.ts';
import type { DeadLetterState } from '../model/request-record.ts';
import type { RequestRecords } from '../records/request-records.ts';
import type { Publication } from '../wire/batch-publisher.ts';
import type { OutcomeInput } from '../wire/encode-truefoundry.ts';
import type { AttemptEnd } from './attempt-end.ts';
import type { BatchMetrics } from './batch-metrics.ts';
import type { Circuit } from './circuit-breaker.ts';
import type { Deadline } from './deadline.ts';
import type { EnginePorts } from './engine-ports.ts';
import type { FailureEventPublisher } from './failure-event-publisher.ts';
import { deliveryCountOf, type Job, priorityOf, submittedAt } from './job.ts';
import type { OutcomePublisher } from './outcome-publisher.ts';
import { ResultKeeper } from './result-keeper.ts';

/** The dependencies of an {@link EndPublisher}. */
export interface EndPublisherTools {
  readonly settings: EngineSettings;
  readonly ports: EnginePorts;
  readonly records: RequestRecords;
  readonly publisher: OutcomePublisher;
  /** Opens when a queue that it sends to is down. */
  readonly circuit: Circuit;
  readonly metrics: BatchMetrics | undefined;
  readonly failureEvents: FailureEventPublisher | undefined;
  readonly deadline: Deadline;
}

/** An outcome, and whether the output queue has it. */
interface Published {
  readonly outcome: Outcome;
  readonly publication: Publication;
}

/**
 * Publishes how requests ended. If the queue rejects an outcome because of the outcome itself, the outcome is sent in
 * another form, and finally its message goes to the dead-letter queue, so that a rejection delays no other request.
 */
export class EndPublisher {
  readonly #tools: EndPublisherTools;

  constructor(tools: EndPublisherTools) {
    this.#tools = tools;
  }

  /**
   * Publishes the outcome, enqueues its webhooks, and dead-letters the message if that is due. After that, the message is
   * done.
   * @throws StoreUnavailable if a queue doesn't accept a message that it should accept
   */
  async publish({ outcome, deadLetter }: AttemptEnd, job: Job): Promise<Disposition> {
    const disposition = await this.#publish(outcome, deadLetter, job);
    this.#tools.circuit.succeeded();
    return disposition;
  }

  async #publish(ended: Outcome, deadLetter: DeadLetterState, job: Job): Promise<Disposition> {
    this.#log(ended);
    const { outcome, publication } = await this.#publishInSomeForm(ended, job);
    this.#count(outcome, publication, job);
    if (!publication.published) {
      await this.#deadLetter(job, outcome, 'outcome_unpublishable', publication.reason);
      return DEAD_LETTER;
    }
    const webhook = await this.#sent(
      'The webhook queue',
      this.#tools.publisher.enqueueWebhooks(outcome),
      job,
    );
    if (!webhook.published) await this.#deadLetter(job, outcome, 'webhook_unpublishable', webhook.reason);
    const isLost = !webhook.published;
    if (deadLetter !== 'due' || outcome.status === 'succeeded') return isLost ? DEAD_LETTER : ACK;
    const bare = await this.#deadLetter(job, outcome, outcome.problem.code, outcome.problem.detail);
    await this.#noteDeadLetter(outcome, bare);
    return DEAD_LETTER;
  }

  /**
   * Publishes the outcome unchanged or in a smaller form. A success that the queue accepts in no form becomes a failure.
   */
  async #publishInSomeForm(outcome: Outcome, job: Job): Promise<Published> {
    const direct = await this.#published(outcome, job, job);
    if (direct.publication.published) return direct;
    this.#warnOfRefusal(outcome, direct.publication.reason);
    const smaller = await this.#smallerForm(outcome);
    const { publication } = smaller ? await this.#published(smaller, job) : direct;
    if (smaller && publication.published) return { outcome: smaller, publication };
    if (outcome.status !== 'succeeded' || publication.published) return { outcome, publication };
    return this.#publishInSomeForm(await this.#recordFailure(outcome, publication.reason), job);
  }

  async #smallerForm(outcome: Outcome): Promise<Outcome | undefined> {
    const { settings, ports, records, deadline } = this.#tools;
    if (outcome.status !== 'succeeded') return briefly(outcome);
    const record = await this.#before(records.find(outcome.request), 'The request table');
    const results = new ResultKeeper(outcome.request, settings, ports);
    const referring = results.byReference(
      outcome,
      record?.createdAt ?? outcome.endedAt,
      deadline.responseDeadline,
    );
    return this.#before(referring, 'The payload bucket');
  }

  /** Replaces a success that can't be published in the record. */
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

  /** @param input the job, unless the outcome must be small */
  async #published(outcome: Outcome, job: Job, input?: OutcomeInput): Promise<Published> {
    const publishing = this.#tools.publisher.publish(outcome, job.message, input);
    const publication = await this.#sent('The output queue', publishing, job);
    return { outcome, publication };
  }

  /**
   * Moves the job's message to the dead-letter queue.
   * @returns whether the dead letter had no room for the reason
   * @throws StoreUnavailable if the queue doesn't accept it: it stays in the input queue, which moves it after its last receive
   */
  async #deadLetter(job: Job, outcome: Outcome, code: string, detail: string): Promise<boolean> {
    const { circuit, deadline, metrics } = this.#tools;
    const { redrives = 0, request } = outcome;
    const moving = job.message.deadLetter({
      requestId: request.id,
      code,
      detail,
      attempts: outcome.status === 'succeeded' ? deliveryCountOf(job.message) : outcome.problem.attempts,
      submittedAt: submittedAt(job),
      redrives,
      priority: priorityOf(job),
    });
    const result = await unlessAborted(moving, deadline.responseDeadline, () => UNMOVED);
    if (!result.moved) {
      const unavailable = new StoreUnavailable('The dead-letter queue', result.reason);
      if (!result.refused) circuit.failed(unavailable, deliveryCountOf(job.message));
      throw unavailable;
    }
    metrics?.countDeadLettered();
    return result.bare;
  }

  /** Without the note, the next delivery of the message publishes and dead-letters once more. */
  async #noteDeadLetter({ request, redrives = 0 }: Outcome, bare: boolean): Promise<void> {
    const { records, ports } = this.#tools;
    try {
      await this.#before(
        records.change(request, { type: 'dead_letter', redrives, bare }),
        'The request table',
      );
    } catch (error) {
      const fields = { ...requestFields(request), error: serializeError(error) };
      ports.logger.warn('The record could not note a dead letter', fields);
    }
  }

  /**
   * Awaits the result of sending a message.
   * @throws StoreUnavailable if the message may not have been sent, and the queue didn't reject it for good
   */
  async #sent(queue: string, publication: Promise<Publication>, job: Job): Promise<Publication> {
    const { circuit, deadline } = this.#tools;
    const result = await unlessAborted(publication, deadline.responseDeadline, () => UNANSWERED);
    if (result.published || result.refused) return result;
    const unavailable = new StoreUnavailable(queue, result.reason);
    circuit.failed(unavailable, deliveryCountOf(job.message));
    throw unavailable;
  }

  /** @throws StoreUnavailable if the promise rejects or the time is over */
  async #before<Value>(promise: Promise<Value>, store: string): Promise<Value> {
    try {
      return await unlessAborted(promise, this.#tools.deadline.responseDeadline, () => {
        throw new Error("it didn't respond before the deadline");
      });
    } catch (error) {
      throw new StoreUnavailable(store, error);
    }
  }

  #count(outcome: Outcome, { published }: Publication, job: Job): void {
    const { metrics, failureEvents } = this.#tools;
    if (published) metrics?.countPublished(outcome, submittedAt(job));
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
      'The output queue rejects the outcome: it is sent in a smaller form',
      fields,
    );
  }
}

const NO_ANSWER = { refused: false, reason: "the queue didn't respond before the deadline" } as const;

const UNANSWERED: Publication = { published: false, ...NO_ANSWER };

const UNMOVED: DeadLettering = { moved: false, ...NO_ANSWER };
