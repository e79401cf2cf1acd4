import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import { CoatcheckError } from '../core/base/errors.ts';
import { RECORD_KEY } from '../core/config/record-table.ts';
import {
  DEFAULT_PAYLOAD_PREFIX,
  DEFAULT_RESULT_PREFIX,
  DEFAULT_UPLOAD_PREFIX,
  TICKET_FOLDER,
} from '../core/config/settings.ts';
import type { ClaimCheck } from '../core/model/claim-check.ts';
import { isEarly } from '../core/model/not-before.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import type {
  AuditedRecord,
  AuditSource,
  ListedObject,
  UnrecordedRequest,
} from '../core/ports/audit-source.ts';
import { RECORD_KEY_PREFIX, storedOf } from './record-item.ts';
import { isNotFound } from './s3-error.ts';

/** The clients of an audit. */
export interface AuditClients {
  readonly queues: SQSClient;
  readonly table: DynamoDBClient;
  readonly objects: S3Client;
}

/** What is audited, by the outputs of a deployed service. */
export interface AuditedDeployment {
  readonly tableName: string;
  readonly bucketName: string;
  /** The queues of requests of all processors, whatever their priority. */
  readonly inputQueueUrls: readonly string[];
  /** The queues of their dead letters, one for each processor. */
  readonly deadLetterQueueUrls: readonly string[];
  /** Where the bucket has objects of the service. Others are looked up if a record refers to them. @default - the usual places */
  readonly prefixes?: readonly string[];
}

/** What can be in a queue. */
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const satisfies readonly QueueAttributeName[];

/** SQS's counts are eventually consistent, usually within a minute: a queue is empty if it is twice, this far apart. */
const SETTLING_MILLISECONDS = 60_000;

/** Where a service stores objects by default. */
const PREFIXES = [DEFAULT_PAYLOAD_PREFIX, DEFAULT_RESULT_PREFIX, `${DEFAULT_UPLOAD_PREFIX}${TICKET_FOLDER}`];

/** There are more records and objects than the audit can hold in memory. */
export class AuditTooLarge extends CoatcheckError {
  override readonly name = 'AuditTooLarge';
  readonly code = 'audit_too_large';

  constructor(max: number) {
    super(`The service has more than ${max} records and stored objects: run npx coatcheck audit instead`);
  }
}

/** What the queues say. */
interface QueueStates {
  /** Whether no message of a request is in a queue. */
  readonly areEmpty: boolean;
  readonly hasNoDeadLetters: boolean;
  /** How long a queue keeps a message, in milliseconds. */
  readonly retentionMilliseconds: number;
}

/**
 * What an audit of a deployed service compares. Messages of SQS can't be listed without receiving them, so a message is known to
 * be gone only if its queue is empty, or older than the queue keeps messages.
 */
export class DeployedAudit implements AuditSource {
  readonly #clients: AuditClients;
  readonly #deployment: AuditedDeployment;
  readonly #now: number;
  readonly #settlingMilliseconds: number;
  readonly #signal: AbortSignal;
  readonly #maxHeld: number;
  #held = 0;
  #states: QueueStates | undefined;

  /**
   * @param now milliseconds since 1970. @param settlingMilliseconds between two looks at the queues
   * @param maxHeld most records and objects together: an audit keeps the names of all of them in memory
   */
  constructor(
    clients: AuditClients,
    deployment: AuditedDeployment,
    {
      now,
      signal,
      settlingMilliseconds = SETTLING_MILLISECONDS,
      maxHeld = Number.POSITIVE_INFINITY,
    }: {
      readonly now: number;
      readonly signal: AbortSignal;
      readonly settlingMilliseconds?: number;
      readonly maxHeld?: number;
    },
  ) {
    this.#clients = clients;
    this.#deployment = deployment;
    this.#now = now;
    this.#settlingMilliseconds = settlingMilliseconds;
    this.#signal = signal;
    this.#maxHeld = maxHeld;
  }

  /** Of a few hours ago, and of all items of the table. */
  async count(): Promise<number> {
    const { Table } = await this.#clients.table.send(
      new DescribeTableCommand({ TableName: this.#deployment.tableName }),
    );
    return Table?.ItemCount ?? 0;
  }

  async *objects(): AsyncGenerator<ListedObject, void> {
    for (const Prefix of this.#deployment.prefixes ?? PREFIXES) {
      const input = { Bucket: this.#deployment.bucketName, Prefix };
      for await (const { Contents = [] } of paginateListObjectsV2({ client: this.#clients.objects }, input)) {
        this.#signal.throwIfAborted();
        this.#hold(Contents.length);
        for (const { Key: key, LastModified } of Contents) {
          if (key !== undefined && LastModified) yield { key, modifiedAt: LastModified.getTime() };
        }
      }
    }
  }

  /** A version that a record names may be there while the list has none, or a newer one. */
  async hasObject({ bucket, key, versionId }: ClaimCheck): Promise<boolean> {
    this.#signal.throwIfAborted();
    try {
      const input = { Bucket: bucket, Key: key, VersionId: versionId };
      await this.#clients.objects.send(new HeadObjectCommand(input));
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async *records(): AsyncGenerator<readonly AuditedRecord[], void> {
    const states = await this.#queueStates();
    const input = {
      TableName: this.#deployment.tableName,
      FilterExpression: 'begins_with(#key, :prefix)',
      ExpressionAttributeNames: { '#key': RECORD_KEY },
      ExpressionAttributeValues: { ':prefix': { S: RECORD_KEY_PREFIX } },
    };
    for await (const { Items = [] } of paginateScan({ client: this.#clients.table }, input)) {
      this.#signal.throwIfAborted();
      this.#hold(Items.length);
      const stored = Items.map(storedOf).filter(({ keptUntil }) => keptUntil > this.#now);
      yield stored.map(({ record }) => ({
        record,
        hasMessage: this.#isGone(record, states) ? false : undefined,
        hasDeadLetter: states.hasNoDeadLetters ? false : undefined,
      }));
    }
  }

  /** Messages can't be listed. */
  async unrecorded(): Promise<readonly UnrecordedRequest[]> {
    return [];
  }

  objectsOfMessages(): undefined {
    return undefined;
  }

  get messageMilliseconds(): number {
    return this.#states?.retentionMilliseconds ?? Number.POSITIVE_INFINITY;
  }

  #hold(count: number): void {
    this.#held += count;
    if (this.#held > this.#maxHeld) throw new AuditTooLarge(this.#maxHeld);
  }

  /** Until its time, a request may wait in EventBridge Scheduler instead of in a queue. */
  #isGone(record: RequestRecord, { areEmpty, retentionMilliseconds }: QueueStates): boolean {
    const { request, updatedAt, leaseEndsAt = 0 } = record;
    if (isEarly(request, this.#now)) return false;
    if (areEmpty) return true;
    const neededAt = Math.max(updatedAt, leaseEndsAt, request.notBefore ?? 0);
    return neededAt + retentionMilliseconds < this.#now;
  }

  async #queueStates(): Promise<QueueStates> {
    const first = await this.#look();
    if (!first.areEmpty && !first.hasNoDeadLetters) return this.#keep(first);
    await sleep(this.#settlingMilliseconds, undefined, { signal: this.#signal });
    const second = await this.#look();
    return this.#keep({
      ...second,
      areEmpty: first.areEmpty && second.areEmpty,
      hasNoDeadLetters: first.hasNoDeadLetters && second.hasNoDeadLetters,
    });
  }

  #keep(states: QueueStates): QueueStates {
    this.#states = states;
    return states;
  }

  async #look(): Promise<QueueStates> {
    const { inputQueueUrls, deadLetterQueueUrls } = this.#deployment;
    const inputs = await Promise.all(inputQueueUrls.map((url) => this.#attributesOf(url)));
    const deadLetters = await Promise.all(deadLetterQueueUrls.map((url) => this.#attributesOf(url)));
    return {
      areEmpty: inputs.every(isEmpty),
      hasNoDeadLetters: deadLetters.every(isEmpty),
      retentionMilliseconds: Math.max(...inputs.map((each) => Number(each.MessageRetentionPeriod) * 1000)),
    };
  }

  async #attributesOf(QueueUrl: string): Promise<Record<string, string>> {
    const AttributeNames: QueueAttributeName[] = [...COUNTS, 'MessageRetentionPeriod'];
    const { Attributes = {} } = await this.#clients.queues.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
    );
    return Attributes;
  }
}

/** What SQS doesn't say isn't taken for 0. */
function isEmpty(attributes: Record<string, string>): boolean {
  return COUNTS.every((name) => attributes[name] === '0');
}
