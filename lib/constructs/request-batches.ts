import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SQS_MAX_RETENTION_SECONDS } from '../core/config/aws-limits.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import type { ApiResources } from './functions/api-environment.ts';
import { BatchFunction } from './functions/batch-function.ts';
import type { BatchRole } from './functions/batch-role.ts';
import { ScheduleRole } from './functions/schedule-role.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { encryptionOf } from './storage/queue-with-dead-letters.ts';

/** Configures {@link RequestBatches}. */
export interface RequestBatchesProps extends Pick<ApiResources, 'inputQueue' | 'lanes'> {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly requestTable: ITable;
  /** Gets the manifests of batches, and has those that are imported. */
  readonly payloadBucket: IBucket;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue?: IQueue;
  readonly removalPolicy: RemovalPolicy;
}

/** What batches of the API need: the function that counts their requests and ends them, and the group of their timers. */
export class RequestBatches extends Construct {
  /** The group of the timers in EventBridge Scheduler, one for each batch that hasn't ended. */
  readonly scheduleGroup: ScheduleGroup;
  /** The role with which EventBridge Scheduler invokes the function. */
  readonly role: ScheduleRole;
  /** The queue of changes that could not be counted. Their batches are recounted by themselves. */
  readonly deadLetterQueue: Queue;
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly functionRole: BatchRole;
  readonly #function: BatchFunction;

  constructor(scope: Construct, id: string, props: RequestBatchesProps) {
    super(scope, id);
    const { tableStreamArn: streamArn } = props.requestTable;
    if (streamArn === undefined) throw new Error(`${props.requestTable.node.path} has no stream`);
    this.scheduleGroup = new ScheduleGroup(this, 'Group', { removalPolicy: RemovalPolicy.DESTROY });
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      ...encryptionOf(props.service.encryptionKey),
      enforceSSL: true,
      retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
    });
    this.#function = new BatchFunction(this, 'Function', {
      ...props,
      streamArn,
      scheduleGroup: this.scheduleGroup,
      deadLetterQueue: this.deadLetterQueue,
    });
    this.function = this.#function.function;
    this.functionRole = this.#function.role;
    this.role = new ScheduleRole(this, 'Role', this.scheduleGroup);
    this.role.allowInvoke(this.function);
  }

  /** Lets manifests have requests for a service behind. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void {
    this.#function.addProcessor(settings, inputQueue);
  }
}
