import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel, type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { writeActionEnvironment } from '../../core/config/action-environment.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { logGroupProps } from '../observability/log-group-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { otherLaneUrls } from '../storage/request-lanes.ts';
import { ActionRole } from './action-role.ts';
import type { ApiResources } from './api-environment.ts';
import { functionEnvironment } from './function-environment.ts';
import { allowNetworkInterfaces } from './network-interfaces.ts';
import { nodeFunctionProps } from './node-function.ts';
import { ownFunctionCode } from './own-function.ts';

/** The longest that Lambda has. An action that takes longer goes on in the next invocation. */
const TIMEOUT = Duration.minutes(15);

const MEMORY_MIB = 256;

/** Configures an {@link ActionFunction}. */
export interface ActionFunctionProps
  extends Pick<ApiResources, 'inputQueue' | 'lanes' | 'payloadBucket' | 'requestTable'> {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly deadLetterQueue: IQueue;
  /** The processor's function, or its alias, which rehearses dead letters; undefined if it isn't on Lambda. */
  readonly rehearsalFunction: IFunction | undefined;
  readonly scheduleGroup: IScheduleGroup;
  readonly removalPolicy: RemovalPolicy;
}

/** The Lambda function that does the steps of actions on many requests. */
export class ActionFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: ActionRole;

  constructor(scope: Construct, id: string, props: ActionFunctionProps) {
    super(scope, id);
    const { service, settings, inputQueue, lanes, payloadBucket, requestTable } = props;
    const { payloadPrefix } = settings.prefixes;
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, props.removalPolicy));
    this.role = new ActionRole(this, 'Role', { ...props, payloadPrefix, logGroup });
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('action'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      // The timer of an action fires again after a minute.
      retryAttempts: 0,
      environment: functionEnvironment(
        settings.serviceName,
        writeActionEnvironment({
          ...settings,
          payloadPrefix,
          payloadBucket: payloadBucket.bucketName,
          requestTable: requestTable.tableName,
          inputQueueUrl: inputQueue.queueUrl,
          ...otherLaneUrls(lanes),
          deadLetterQueueUrl: props.deadLetterQueue.queueUrl,
          scheduleGroup: props.scheduleGroup.scheduleGroupName,
          rehearsalFunctionArn: props.rehearsalFunction?.functionArn ?? '',
          otherProcessors: [],
        }),
      ),
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.role, service);
  }
}
