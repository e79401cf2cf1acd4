import { relative } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm, Dashboard, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigurationError } from '../core/base/errors.ts';
import type { MetricName } from '../core/config/metric-names.ts';
import { maxReceivesOf } from '../core/config/receive-budget.ts';
import { ApiAuth } from './api-auth.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { CircuitBreaker, PAUSES_QUEUE } from './circuit-breaker.ts';
import { ProcessorFunction } from './functions/processor-function.ts';
import { acknowledgeFindings } from './observability/acknowledged-findings.ts';
import { FailureEvents } from './observability/failure-events.ts';
import { ServiceAlarms } from './observability/service-alarms.ts';
import { ServiceDashboard } from './observability/service-dashboard.ts';
import { serviceMetric } from './observability/service-metrics.ts';
import { ServiceOutputs } from './observability/service-outputs.ts';
import { RequestApi } from './request-api.ts';
import { loopFrom } from './settings/loops.ts';
import { existingOutputQueue } from './settings/output-queue.ts';
import type { Prefixes } from './settings/prefixes.ts';
import { type ServiceSettings, serviceSettings } from './settings/service-settings.ts';
import { statedMaxMessageBytes } from './storage/message-size.ts';
import { PayloadBucket } from './storage/payload-bucket.ts';
import { QueueWithDeadLetters, type QueueWithDeadLettersProps } from './storage/queue-with-dead-letters.ts';
import { RequestTable } from './storage/request-table.ts';
import { Webhooks } from './webhooks.ts';

/**
 * Processes requests asynchronously: upload a payload or send a message, and receive the outcome from the output queue.
 *
 * A payload bucket notifies an input queue of uploads. Your processor, a Lambda function, receives messages from the
 * queue in batches and publishes their outcomes to an output queue. Both queues have dead-letter queues with alarms.
 * The prop `api` adds an HTTP API; `webhooks` also sends outcomes by HTTP.
 */
export class AsyncService extends Construct {
  /** The bucket of payloads and large results. */
  readonly payloadBucket: Bucket;
  /** The table of request records. */
  readonly requestTable: ITable;
  /** The queue of waiting requests. */
  readonly inputQueue: Queue;
  /** The queue of messages whose requests used up their attempts. */
  readonly deadLetterQueue: Queue;
  /** The queue of outcomes: `output.queue` if that is an existing queue. */
  readonly outputQueue: IQueue;
  /** The queue of outcomes that consumers failed to process; undefined if `output.queue` is an existing queue. */
  readonly outputDeadLetterQueue: Queue | undefined;
  /** Your processor. Grant it what your handler needs, for example `table.grantReadData(service.processor)`. */
  readonly processor: NodejsFunction;
  /** The event source mapping of the input queue. Disable it to stop processing. */
  readonly eventSource: IEventSourceMapping;
  /** The HTTP API; undefined without the prop `api`. */
  readonly api: RequestApi | undefined;
  /** The delivery of webhooks; undefined without the prop `webhooks`. */
  readonly webhooks: Webhooks | undefined;
  /** The alarms: on dead letters, long waits, low success rates, errors, throttling and pauses. */
  readonly alarms: readonly Alarm[];
  /** The dashboard; undefined without the prop `observability.dashboard`. */
  readonly dashboard: Dashboard | undefined;

  readonly #prefixes: Prefixes;
  readonly #serviceName: string;

  /** @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value */
  constructor(scope: Construct, id: string, props: AsyncServiceProps) {
    super(scope, id);
    const settings = serviceSettings(this, props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

    const input = new QueueWithDeadLetters(this, 'Input', inputQueueProps(settings));
    const outputQueue = existingOutputQueue(props);
    const output = outputQueue
      ? {
          queue: outputQueue,
          deadLetterQueue: undefined,
          maxMessageBytes: statedMaxMessageBytes(outputQueue),
        }
      : new QueueWithDeadLetters(this, 'Output', outputQueueProps(settings));
    const { bucket } = new PayloadBucket(this, 'Payloads', {
      settings,
      inputQueue: input.queue,
      corsOrigins: props.api?.corsOrigins ?? [],
      removalPolicy,
    });
    const { table: requestTable } = new RequestTable(this, 'Requests', {
      listed: props.api !== undefined,
      pointInTimeRecovery: props.records?.pointInTimeRecovery ?? true,
      removalPolicy,
    });
    const webhooks =
      props.webhooks &&
      new Webhooks(this, 'Webhooks', {
        service: props,
        webhooks: props.webhooks,
        settings,
        requestTable,
        removalPolicy,
      });
    const { failureEvents, alarmTopic, dashboard: wantsDashboard = false } = props.observability ?? {};
    const failureBus =
      failureEvents &&
      new FailureEvents(this, 'FailureEvents', {
        serviceName: settings.serviceName,
        bus: failureEvents.bus,
        topic: failureEvents.topic,
      }).bus;
    const pauses =
      (props.circuitBreaker?.pauseEventSource ?? true)
        ? new QueueWithDeadLetters(this, 'Pauses', PAUSES_QUEUE)
        : undefined;
    const payloadSources = props.payloads?.sources ?? [];
    const processor = new ProcessorFunction(this, 'Processor', {
      service: props,
      settings,
      inputQueue: input.queue,
      outputQueue: output.queue,
      outputMaxMessageBytes: output.maxMessageBytes,
      deadLetterQueue: input.deadLetterQueue,
      webhookQueue: webhooks?.queue,
      pauseQueue: pauses?.queue,
      requestTable,
      payloadBucket: bucket,
      payloadSources,
      failureBus,
      removalPolicy,
    });
    if (pauses) {
      new CircuitBreaker(this, 'CircuitBreaker', {
        service: props,
        settings,
        queue: pauses.queue,
        source: processor.eventSource,
        removalPolicy,
      });
    }
    const api =
      props.api &&
      new RequestApi(this, 'Api', {
        service: props,
        settings,
        auth: props.api.auth ?? ApiAuth.iam(),
        corsOrigins: props.api.corsOrigins ?? [],
        inputQueue: input.queue,
        webhookQueue: webhooks?.queue,
        requestTable,
        payloadBucket: bucket,
        removalPolicy,
      });
    const alarms = new ServiceAlarms(this, 'Alarms', {
      settings,
      inputQueue: input.queue,
      deadLetterQueue: input.deadLetterQueue,
      outputDeadLetterQueue: output.deadLetterQueue,
      webhookDeadLetterQueue: webhooks?.deadLetterQueue,
      pauseDeadLetterQueue: pauses?.deadLetterQueue,
      processor: processor.function,
      api,
      topic: alarmTopic,
    });
    const dashboard = wantsDashboard
      ? new ServiceDashboard(this, 'Overview', {
          settings,
          inputQueue: input.queue,
          deadLetterQueue: input.deadLetterQueue,
          outputQueue: output.queue,
          requestTable,
          processor: processor.function,
          api,
        }).dashboard
      : undefined;
    acknowledgeFindings({
      payloadBucket: bucket,
      processorRole: processor.role,
      api,
      webhooks,
      prefixes: settings.prefixes,
      payloadSources,
    });
    new ServiceOutputs(this, {
      ApiUrl: api?.url,
      PayloadBucketName: bucket.bucketName,
      InputQueueUrl: input.queue.queueUrl,
      OutputQueueUrl: output.queue.queueUrl,
      OutputDeadLetterQueueUrl: output.deadLetterQueue?.queueUrl,
      DeadLetterQueueUrl: input.deadLetterQueue.queueUrl,
      RequestTableName: requestTable.tableName,
      ProcessorEntry: relative('', props.entry).replaceAll('\\', '/'),
      ProcessorFunctionName: processor.function.functionName,
      ProcessorLogGroupName: processor.function.logGroup.logGroupName,
      EventSourceId: processor.eventSource.eventSourceMappingId,
      WebhookSecretArn: webhooks?.secret.secretArn,
      WebhookQueueUrl: webhooks?.queue.queueUrl,
      WebhookDeadLetterQueueUrl: webhooks?.deadLetterQueue.queueUrl,
    });
    this.node.addValidation({ validate: () => this.#loopProblems() });

    this.payloadBucket = bucket;
    this.requestTable = requestTable;
    this.inputQueue = input.queue;
    this.deadLetterQueue = input.deadLetterQueue;
    this.outputQueue = output.queue;
    this.outputDeadLetterQueue = output.deadLetterQueue;
    this.processor = processor.function;
    this.api = api;
    this.webhooks = webhooks;
    this.eventSource = processor.eventSource;
    this.alarms = alarms.all;
    this.dashboard = dashboard;
    this.#prefixes = settings.prefixes;
    this.#serviceName = settings.serviceName;
  }

  /**
   * Grants permission to submit requests: to upload under the upload prefix, or to send messages, and to upload their
   * large payloads under the payload prefix.
   */
  grantSubmit(grantee: IGrantable): Grant {
    const { uploadPrefix, payloadPrefix } = this.#prefixes;
    const uploading = ['s3:PutObject', 's3:AbortMultipartUpload'];
    return this.inputQueue
      .grantSendMessages(grantee)
      .combine(this.#grantObjects(grantee, uploading, uploadPrefix, payloadPrefix));
  }

  /**
   * Grants permission to consume outcomes: to receive and delete them, to fetch results and to delete consumer
   * copies.
   */
  grantConsume(grantee: IGrantable): Grant {
    const { resultPrefix, consumerCopyPrefix } = this.#prefixes;
    const reading = ['s3:GetObject', 's3:GetObjectVersion'];
    return this.outputQueue
      .grantConsumeMessages(grantee)
      .combine(this.#grantObjects(grantee, reading, resultPrefix, consumerCopyPrefix))
      .combine(this.#grantObjects(grantee, ['s3:DeleteObject'], consumerCopyPrefix));
  }

  /**
   * Grants permission to call the HTTP API.
   * @throws ConfigurationError if the service has no API, or if `api.auth` isn't `ApiAuth.iam()`
   */
  grantInvokeApi(grantee: IGrantable): Grant {
    if (!this.api) throw new ConfigurationError(`${this.node.path} has no HTTP API: set the prop api`);
    return this.api.grantInvoke(grantee);
  }

  /** Accepted requests, however they were submitted. Redriven requests count again. @default - sum over 5 minutes */
  metricAccepted(options?: MetricOptions): Metric {
    return this.inputQueue.metricNumberOfMessagesSent(options);
  }

  /** Requests that wait for an attempt. @default - maximum over 5 minutes */
  metricQueueDepth(options?: MetricOptions): Metric {
    return this.inputQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /** Requests being processed, and those that wait for the delay of a retry. @default - maximum over 5 minutes */
  metricInFlight(options?: MetricOptions): Metric {
    return this.inputQueue.metricApproximateNumberOfMessagesNotVisible(options);
  }

  /**
   * Age of the oldest waiting request in seconds. SQS ignores messages that were received three times or more.
   * @default - maximum over 5 minutes
   */
  metricAgeOfOldestRequest(options?: MetricOptions): Metric {
    return this.inputQueue.metricApproximateAgeOfOldestMessage(options);
  }

  /** Messages in the dead-letter queue. @default - maximum over 5 minutes */
  metricDeadLetters(options?: MetricOptions): Metric {
    return this.deadLetterQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /** Outcomes that wait for a consumer. @default - maximum over 5 minutes */
  metricOutputDepth(options?: MetricOptions): Metric {
    return this.outputQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /**
   * Messages in the dead-letter queue of the output queue.
   * @default - maximum over 5 minutes
   * @throws ConfigurationError if `output.queue` is an existing queue, whose dead-letter queue is unknown
   */
  metricOutputDeadLetters(options?: MetricOptions): Metric {
    if (!this.outputDeadLetterQueue) {
      throw new ConfigurationError(
        `${this.node.path} has no output dead-letter queue, because output.queue is an existing queue: use the metrics of its own dead-letter queue`,
      );
    }
    return this.outputDeadLetterQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /** Processed batches. @default - sum over 5 minutes */
  metricInvocations(options?: MetricOptions): Metric {
    return this.processor.metricInvocations(options);
  }

  /** Batches that crashed or timed out. A failed request is an outcome, not an error. @default - sum over 5 minutes */
  metricErrors(options?: MetricOptions): Metric {
    return this.processor.metricErrors(options);
  }

  /** Batches that Lambda throttled. @default - sum over 5 minutes */
  metricThrottles(options?: MetricOptions): Metric {
    return this.processor.metricThrottles(options);
  }

  /** Duration of a batch in milliseconds. @default - average over 5 minutes */
  metricDuration(options?: MetricOptions): Metric {
    return this.processor.metricDuration(options);
  }

  /**
   * A metric that the processor publishes; see docs/operations.md.
   * @default - the sum of a count or the average of a measurement, over 5 minutes
   */
  metric(name: MetricName, options?: MetricOptions): Metric {
    return serviceMetric(this.#serviceName, name, options);
  }

  #grantObjects(grantee: IGrantable, actions: string[], ...prefixes: readonly string[]): Grant {
    return Grant.addToPrincipalOrResource({
      grantee,
      actions,
      resourceArns: prefixes.map((prefix) => this.payloadBucket.arnForObjects(`${prefix}*`)),
      resource: this.payloadBucket,
    });
  }

  /** Outcomes that become requests of the same service would circulate, and cost money, until Lambda stops the loop. */
  #loopProblems(): string[] {
    const services = this.node.root.node.findAll().filter((construct) => construct instanceof AsyncService);
    const loop = loopFrom<AsyncService>(this, services).map(({ node }) => node.path);
    if (loop.length === 0) return [];
    return [
      `output.queue must not lead back to the input queue, got ${[...loop, this.node.path].join(' → ')}`,
    ];
  }
}

function inputQueueProps(settings: ServiceSettings): QueueWithDeadLettersProps {
  return {
    retention: Duration.seconds(settings.inputRetentionSeconds),
    visibilityTimeout: Duration.seconds(settings.visibilityTimeoutSeconds),
    maxReceiveCount: maxReceivesOf(settings.maxAttempts),
  };
}

function outputQueueProps(settings: ServiceSettings): QueueWithDeadLettersProps {
  return {
    retention: Duration.seconds(settings.outputRetentionSeconds),
    visibilityTimeout: Duration.seconds(settings.outputVisibilityTimeoutSeconds),
    maxReceiveCount: settings.outputMaxReceiveCount,
  };
}
