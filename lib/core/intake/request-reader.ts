import { CallbackRefused } from '../base/errors.ts';
import { minVersionProblem } from '../config/min-version.ts';
import { ANYTHING, DATE, type MemberShapes, recordOf, required, TEXT } from '../config/shape.ts';
import { type CallbackRules, callbackUrlProblem } from '../model/callback-url.ts';
import { orderingKeyProblem } from '../model/ordering-key.ts';
import { isPriority, priorityProblem } from '../model/priority.ts';
import { identityProblem } from '../model/request-id.ts';
import { topicProblem } from '../model/topic.ts';
import type { SubmissionQueue } from '../ports/message-sink.ts';
import { assertLane } from './assert-lane.ts';
import type { NewBatch } from './batches.ts';
import { RequestRefused } from './errors.ts';
import { payloadBytes } from './payload-bytes.ts';
import type { NewSchedule } from './schedules.ts';
import type { SubmitRequest } from './submissions.ts';
import type { SubmitOptions } from './submit-options.ts';

/** Options of a request. */
export interface ServiceSubmitOptions extends SubmitOptions {
  /**
   * Requests of a tenant with one key run one after another, in a service with {@link ServiceOptions.order}: 1 to 128 printable
   * ASCII characters. @default - all requests of the tenant run one after another
   */
  readonly orderingKey?: string;
}

/** A batch to create, as a program describes it. */
interface DescribedBatch extends Omit<NewBatch, 'notBefore' | 'expiresAt'> {
  readonly notBefore?: Date;
  readonly expiresAt?: Date;
}

/** A schedule to add, besides its payload. */
export interface ServiceScheduleOptions extends Omit<NewSchedule, 'payload' | 'contentType'> {
  /** @default - as for `submit` */
  readonly contentType?: string;
}

/** The shapes of {@link ServiceSubmitOptions}. What is ANYTHING has a check of its own. */
export const SUBMIT_OPTIONS: MemberShapes<ServiceSubmitOptions> = {
  tenant: TEXT,
  contentType: TEXT,
  contentEncoding: TEXT,
  contentLanguage: TEXT,
  metadata: recordOf(ANYTHING),
  idempotencyKey: TEXT,
  notBefore: DATE,
  expiresAt: DATE,
  minVersion: ANYTHING,
  topic: TEXT,
  priority: ANYTHING,
  callbackUrl: TEXT,
  traceparent: TEXT,
  tracestate: TEXT,
  orderingKey: ANYTHING,
};

/** The shapes of {@link ServiceScheduleOptions}. */
export const SCHEDULE_OPTIONS: MemberShapes<ServiceScheduleOptions> = {
  name: required(TEXT),
  tenant: TEXT,
  cron: TEXT,
  timeZone: TEXT,
  everyMinutes: ANYTHING,
  startAt: DATE,
  endAt: DATE,
  overlap: ANYTHING,
  missed: ANYTHING,
  contentType: TEXT,
  metadata: recordOf(ANYTHING),
  topic: TEXT,
  priority: ANYTHING,
};

/** The rules by which a service accepts requests. */
export interface RequestRules {
  readonly queue: Pick<SubmissionQueue, 'ordered' | 'priorities'>;
  readonly callbacks: CallbackRules;
  /**
   * Refuses topics that no processor is for. Absent if one processor takes all topics, or none is in this process.
   */
  readonly byTopic?: { assertKnown(topic: string | undefined): void };
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
  batchOf({ notBefore, expiresAt, ...given }: DescribedBatch): NewBatch {
    // Without a topic of the batch, each item needs its own.
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
