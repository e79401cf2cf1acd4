import { CallbackRefused } from '../core/base/errors.ts';
import { minVersionProblem } from '../core/config/min-version.ts';
import { assertLane } from '../core/intake/assert-lane.ts';
import type { NewBatch } from '../core/intake/batches.ts';
import { RequestRefused } from '../core/intake/errors.ts';
import { payloadBytes } from '../core/intake/payload-bytes.ts';
import type { NewSchedule } from '../core/intake/schedules.ts';
import type { SubmitRequest } from '../core/intake/submissions.ts';
import type { SubmitOptions } from '../core/intake/submit-options.ts';
import { type CallbackRules, callbackUrlProblem } from '../core/model/callback-url.ts';
import { orderingKeyProblem } from '../core/model/ordering-key.ts';
import { isPriority, priorityProblem } from '../core/model/priority.ts';
import { identityProblem } from '../core/model/request-id.ts';
import { topicProblem } from '../core/model/topic.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import type { BatchOptions } from './batches.ts';
import type { TopicProcessors } from './topic-processors.ts';

/** Options of a request. */
export interface ServiceSubmitOptions extends SubmitOptions {
  /**
   * Requests of a tenant with one key run one after another, in a service with {@link ServiceOptions.order}: 1 to 128 printable
   * ASCII characters. @default - all requests of the tenant run one after another
   */
  readonly orderingKey?: string;
}

/** A schedule to add, besides its payload. */
export interface ServiceScheduleOptions extends Omit<NewSchedule, 'payload' | 'contentType'> {
  /** @default - as for `submit` */
  readonly contentType?: string;
}

/** What decides which requests a service takes. */
export interface RequestRules {
  readonly queue: Pick<SubmissionQueue, 'ordered' | 'priorities'>;
  readonly callbacks: CallbackRules;
  /** Absent if one processor takes all topics, or none is in this process. */
  readonly byTopic?: Pick<TopicProcessors, 'assertKnown'>;
}

/** Reads what a program submits, schedules or puts into a batch, and refuses what the service can't take. */
export class RequestReader {
  readonly #rules: RequestRules;

  constructor(rules: RequestRules) {
    this.#rules = rules;
  }

  /**
   * @param payload text, bytes, or a value for JSON
   * @throws RequestRefused, CallbackRefused; TypeError for a payload that JSON doesn't know
   */
  requestOf(payload: unknown, options: ServiceSubmitOptions): SubmitRequest {
    const { contentType, notBefore, expiresAt, metadata = {}, callbackUrl, tenant, ...others } = options;
    this.#assertTopic(others.topic);
    assertTenant(tenant);
    const problem = others.minVersion === undefined ? undefined : minVersionProblem(others.minVersion);
    if (problem) throw new RequestRefused('min_version_invalid', `minVersion ${problem}`);
    this.#assertOrderingKey(others.orderingKey);
    this.#assertPriority(others.priority);
    this.#assertCallback(callbackUrl);
    const { bytes, ...type } = payloadBytes(payload, contentType);
    return {
      ...others,
      ...type,
      tenant,
      callbackUrl,
      metadata,
      notBefore: notBefore?.getTime(),
      expiresAt: expiresAt?.getTime(),
      payload: bytes,
    };
  }

  /**
   * @param payload text, bytes, or a value for JSON
   * @throws RequestRefused; TypeError for a payload that JSON doesn't know
   */
  scheduleOf(payload: unknown, { contentType, ...options }: ServiceScheduleOptions): NewSchedule {
    this.#assertTopic(options.topic);
    this.#assertPriority(options.priority);
    assertTenant(options.tenant);
    const { bytes, ...type } = payloadBytes(payload, contentType);
    return { ...options, ...type, payload: bytes };
  }

  /** @throws RequestRefused, CallbackRefused */
  batchOf({ notBefore, expiresAt, ...given }: BatchOptions): NewBatch {
    // Without one, each item needs its own.
    if (given.topic !== undefined) this.#assertTopic(given.topic);
    assertTenant(given.tenant);
    this.#assertCallback(given.callbackUrl);
    return { ...given, notBefore: notBefore?.getTime(), expiresAt: expiresAt?.getTime() };
  }

  #assertTopic(topic: string | undefined): void {
    const problem = topic === undefined ? undefined : topicProblem(topic);
    if (problem) throw new RequestRefused('topic_invalid', `topic ${problem}`);
    this.#rules.byTopic?.assertKnown(topic);
  }

  #assertOrderingKey(key: string | undefined): void {
    if (key === undefined) return;
    const problem = orderingKeyProblem(key);
    if (problem) throw new RequestRefused('ordering_key_invalid', `orderingKey ${problem}`);
    if (this.#rules.queue.ordered) return;
    throw new RequestRefused(
      'order_unsupported',
      "orderingKey needs a service that keeps order: open it with order: 'fifo', or leave the key out",
    );
  }

  #assertPriority(priority: string | undefined): void {
    if (priority === undefined) return;
    if (!isPriority(priority)) {
      throw new RequestRefused('priority_invalid', `priority ${priorityProblem(priority)}`);
    }
    assertLane(priority, this.#rules.queue.priorities);
  }

  #assertCallback(callbackUrl: string | undefined): void {
    const { callbacks } = this.#rules;
    const problem = callbackUrl === undefined ? undefined : callbackUrlProblem(callbackUrl, callbacks);
    if (problem) throw new CallbackRefused(problem);
  }
}

function assertTenant(tenant: string | undefined): void {
  const problem = identityProblem({ id: 'new', source: '', tenant });
  if (problem) throw new RequestRefused('tenant_invalid', `The request can't be taken: ${problem}`);
}
