import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SQS_MAX_RETENTION_SECONDS } from '../core/config/aws-limits.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { ScheduleFunction } from './functions/schedule-function.ts';
import type { ScheduleFunctionRole } from './functions/schedule-function-role.ts';
import { ScheduleRole } from './functions/schedule-role.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { encryptionOf } from './storage/queue-with-dead-letters.ts';
import type { RequestLanes } from './storage/request-lanes.ts';

/** Configures {@link RequestSchedules}. */
export interface RequestSchedulesProps {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly inputQueue: IQueue;
  /** The queues of other priorities; undefined without them. */
  readonly lanes: RequestLanes | undefined;
  readonly payloadBucket: IBucket;
  readonly requestTable: ITable;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * What schedules of the API need, and requests that start in more than 15 minutes: a group for their schedules in EventBridge
 * Scheduler, one for each, and the function that submits the requests of recurring ones.
 */
export class RequestSchedules extends Construct {
  readonly scheduleGroup: ScheduleGroup;
  /** The role with which EventBridge Scheduler sends to input queues, and invokes the function. */
  readonly role: ScheduleRole;
  /** The queue of what EventBridge Scheduler couldn't send for a day, and of invocations of the function that failed. */
  readonly deadLetterQueue: Queue;
  /** The function that submits the requests of recurring schedules. */
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly functionRole: ScheduleFunctionRole;
  readonly #function: ScheduleFunction;

  constructor(scope: Construct, id: string, props: RequestSchedulesProps) {
    super(scope, id);
    const { service, settings, inputQueue, lanes } = props;
    this.scheduleGroup = new ScheduleGroup(this, 'Group', { removalPolicy: RemovalPolicy.DESTROY });
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      ...encryptionOf(service.encryptionKey),
      enforceSSL: true,
      retentionPeriod: Duration.seconds(SQS_MAX_RETENTION_SECONDS),
    });
    this.#function = new ScheduleFunction(this, 'Function', {
      ...props,
      scheduleGroup: this.scheduleGroup,
      deadLetterQueue: this.deadLetterQueue,
    });
    this.function = this.#function.function;
    this.functionRole = this.#function.role;
    this.role = new ScheduleRole(this, 'Role', this.scheduleGroup);
    this.role.allowSend(this.deadLetterQueue);
    this.role.allowInvoke(this.function);
    this.#allowSend(settings, inputQueue);
    if (lanes) this.role.allowSend(lanes.high, lanes.low);
  }

  /** Lets schedules send requests to the queue of a service behind. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void {
    this.#function.addProcessor(settings, inputQueue);
    this.#allowSend(settings, inputQueue);
  }

  /** No request of a service that keeps order starts later. */
  #allowSend({ keepsOrder }: ServiceSettings, inputQueue: IQueue): void {
    if (!keepsOrder) this.role.allowSend(inputQueue);
  }
}
