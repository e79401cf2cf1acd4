import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
import { ApplicationLogLevel, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { writeAuditEnvironment, writeAuditedQueues } from '../core/config/audit-environment.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { AuditRole } from './functions/audit-role.ts';
import { functionEnvironment } from './functions/function-environment.ts';
import { allowNetworkInterfaces } from './functions/network-interfaces.ts';
import { nodeFunctionProps } from './functions/node-function.ts';
import { ownFunctionCode } from './functions/own-function.ts';
import { logGroupProps } from './observability/log-group-props.ts';
import type { AuditProps } from './settings/observability-props.ts';
import type { PayloadSource } from './settings/payload-props.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import { type RequestLanes, requestQueuesOf } from './storage/request-lanes.ts';

/** The longest that Lambda has. It reads about a thousand records a page. */
const TIMEOUT = Duration.minutes(15);

/** For the names of all records and objects: see the function for how many. */
const MEMORY_MIB = 1_024;

/** Configures a {@link RequestAudit}. */
export interface RequestAuditProps {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly audit: AuditProps;
  readonly inputQueue: IQueue;
  /** The queues of other priorities; undefined without them. */
  readonly lanes: RequestLanes | undefined;
  readonly deadLetterQueue: IQueue;
  readonly requestTable: ITable;
  readonly payloadBucket: IBucket;
  readonly payloadSources: readonly PayloadSource[];
  readonly removalPolicy: RemovalPolicy;
}

/** The audits of a service: a function that looks for requests that are lost, and the rule that invokes it. */
export class RequestAudit extends Construct {
  /** Invoked with `{}`, it runs an audit. */
  readonly function: LambdaFunction;
  /** The role of the function. */
  readonly role: AuditRole;
  /** Where the bucket has objects of the service. */
  readonly prefixes: readonly string[];
  readonly #inputQueues: IQueue[];
  readonly #deadLetterQueues: IQueue[];

  constructor(scope: Construct, id: string, props: RequestAuditProps) {
    super(scope, id);
    const { service, settings, audit, requestTable, payloadBucket, removalPolicy } = props;
    const { payloadPrefix, resultPrefix, uploadPrefix } = settings.prefixes;
    this.prefixes = [payloadPrefix, resultPrefix, uploadPrefix];
    this.#inputQueues = requestQueuesOf(props.inputQueue, props.lanes);
    this.#deadLetterQueues = [props.deadLetterQueue];
    const logGroup = new LogGroup(this, 'Logs', logGroupProps(service, removalPolicy));
    this.role = new AuditRole(this, 'Role', { ...props, prefixes: this.prefixes, logGroup });
    for (const queue of [...this.#inputQueues, ...this.#deadLetterQueues]) this.role.allowLook(queue);
    this.function = new LambdaFunction(this, 'Function', {
      ...nodeFunctionProps(service),
      code: ownFunctionCode('audit'),
      handler: 'index.handler',
      memorySize: MEMORY_MIB,
      timeout: TIMEOUT,
      // The next audit looks at everything again.
      retryAttempts: 0,
      environment: functionEnvironment(
        settings.serviceName,
        writeAuditEnvironment({
          ...settings,
          requestTable: requestTable.tableName,
          payloadBucket: payloadBucket.bucketName,
          auditedPrefixes: this.prefixes,
          exceptedVerdicts: audit.except ?? [],
          ...this.#queueUrls(),
        }),
      ),
      role: this.role,
      logGroup,
      applicationLogLevelV2: service.observability?.logLevel ?? ApplicationLogLevel.INFO,
    });
    allowNetworkInterfaces(this.role, service);
    new Rule(this, 'Rule', {
      description: `Audits the requests of ${settings.serviceName}`,
      schedule: Schedule.rate(audit.every),
      targets: [new FunctionTarget(this.function)],
    });
  }

  /** Looks at the queues of a processor behind as well, because its requests are in the same table. */
  addProcessor(inputQueue: IQueue, deadLetterQueue: IQueue): void {
    this.#inputQueues.push(inputQueue);
    this.#deadLetterQueues.push(deadLetterQueue);
    const variables = Object.entries(writeAuditedQueues(this.#queueUrls()));
    for (const [name, value] of variables) this.function.addEnvironment(name, value);
    for (const queue of [inputQueue, deadLetterQueue]) this.role.allowLook(queue);
  }

  #queueUrls() {
    return {
      inputQueueUrls: this.#inputQueues.map(({ queueUrl }) => queueUrl),
      deadLetterQueueUrls: this.#deadLetterQueues.map(({ queueUrl }) => queueUrl),
    };
  }
}
