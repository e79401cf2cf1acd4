import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { ApplicationLogLevel, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type ProcessorQueue, writeOtherProcessors } from '../../core/config/processor-queues.ts';
import { writeScheduleEnvironment } from '../../core/config/schedule-environment.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { processorQueue } from './api-environment.ts';
import { functionEnvironment } from './function-environment.ts';
import { allowNetworkInterfaces } from './network-interfaces.ts';
import { nodeFunctionProps } from './node-function.ts';
import { ownFunctionCode } from './own-function.ts';
import { ScheduleFunctionRole } from './schedule-function-role.ts';

/** Shorter than the lease of a run, so that an invocation that failed has none when Lambda repeats it. */
const TIMEOUT = Duration.seconds(25);

const MEMORY_MIB = 256;

/** Configures a {@link ScheduleFunction}. */
export interface ScheduleFunctionProps {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly inputQueue: IQueue;
  readonly payloadBucket: IBucket;
  readonly requestTable: ITable;
  readonly scheduleGroup: IScheduleGroup;
  /** The queue of firings that failed. */
  readonly deadLetterQueue: IQueue;
  readonly removalPolicy: RemovalPolicy;
}

/** The Lambda function that EventBridge Scheduler invokes at the runs of schedules. It submits their requests. */
export class ScheduleFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: ScheduleFunctionRole;
  readonly #otherProcessors: ProcessorQueue[] = [];

  constructor(scope: Construct, id: string, props: ScheduleFunctionProps) {
    super(scope, id);
    const { service, settings, inputQueue, payloadBucket, requestTable, scheduleGroup } = props;
    const { payloadPrefix } = settings.prefixes;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, props.removalPolicy));
    this.role = new ScheduleFunctionRole(this, 'Role', { ...props, payloadPrefix, logGroup });
    this.role.allowSubmit(inputQueue);
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('schedule'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      environment: functionEnvironment(
        settings.serviceName,
        writeScheduleEnvironment({
          ...settings,
          inputQueueUrl: inputQueue.queueUrl,
          otherProcessors: [],
          payloadBucket: payloadBucket.bucketName,
          payloadPrefix,
          requestTable: requestTable.tableName,
          scheduleGroup: scheduleGroup.scheduleGroupName,
        }),
      ),
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
      deadLetterQueue: props.deadLetterQueue,
    });
    allowNetworkInterfaces(this.role, service);
  }

  /** Lets the function send to the queue of a service behind. */
  addProcessor(settings: ServiceSettings, inputQueue: IQueue): void {
    this.#otherProcessors.push(processorQueue(settings, inputQueue));
    const variables = Object.entries(writeOtherProcessors(this.#otherProcessors));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
    this.role.allowSubmit(inputQueue);
  }
}
