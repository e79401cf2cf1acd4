import { relative } from 'node:path';
import { RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import type { Alarm, Dashboard, Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigurationError } from '../core/base/errors.ts';
import type { MetricName } from '../core/config/metric-names.ts';
import { ApiAuth } from './api-auth.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { CircuitBreaker, PAUSES_QUEUE } from './circuit-breaker.ts';
import { ProcessorService } from './fargate/processor-service.ts';
import { environmentProblems } from './functions/environment-size.ts';
import { ProcessorFunction } from './functions/processor-function.ts';
import { MessageRelay, UPLOADS_QUEUE } from './message-relay.ts';
import { acknowledgeFindings } from './observability/acknowledged-findings.ts';
import { FailureEvents } from './observability/failure-events.ts';
import { ServiceAlarms } from './observability/service-alarms.ts';
import { ServiceDashboard } from './observability/service-dashboard.ts';
import { serviceMetric } from './observability/service-metrics.ts';
import { ServiceOutputs, type ServiceOutputValues } from './observability/service-outputs.ts';
import { OutcomeTopic } from './outcome-topic.ts';
import type { ProcessorProps } from './processor-props.ts';
import type { Release } from './release.ts';
import { RequestApi } from './request-api.ts';
import { RequestAudit } from './request-audit.ts';
import type { RelayedService, ServiceRelay } from './service-relay.ts';
import { ServiceSchedule, type ServiceScheduleProps } from './service-schedule.ts';
import { propsBehind } from './settings/front-door.ts';
import { loopProblems } from './settings/loops.ts';
import { outputOf } from './settings/output-queue.ts';
import { type ServiceSettings, serviceSettings } from './settings/service-settings.ts';
import { sharedBucketProblems } from './settings/shared-buckets.ts';
import { sharedQueueProblems } from './settings/shared-queues.ts';
import { useExistingBucket } from './storage/existing-bucket.ts';
import { grantObjects } from './storage/grant-objects.ts';
import { grantConsumeQueue, grantQueue } from './storage/grant-queue.ts';
import { allowServices, grantKey, KEY_USES } from './storage/key-use.ts';
import { PayloadBucket } from './storage/payload-bucket.ts';
import { subscriptionsIn } from './storage/queue-subscription.ts';
import { QueueWithDeadLetters } from './storage/queue-with-dead-letters.ts';
import { type RequestLanes, requestLanesOf, requestQueuesOf } from './storage/request-lanes.ts';
import { RequestTable } from './storage/request-table.ts';
import { inputQueueOf, outputQueueOf } from './storage/service-queues.ts';
import { Webhooks } from './webhooks.ts';

/**
 * Processes requests asynchronously: upload a payload or send a message, and receive the outcome from the output queue.
 *
 * A payload bucket notifies an input queue of uploads. Your processor, a Lambda function or tasks on Fargate, receives
 * messages from the queue and publishes their outcomes to an output queue. Both queues have dead-letter queues with alarms.
 * The prop `api` adds an HTTP API; `webhooks` also sends outcomes by HTTP.
 */
export class AsyncService extends Construct implements IConnectable {
  /** The bucket of payloads and large results: `payloads.bucket` if that is set. */
  readonly payloadBucket: IBucket;
  /** The table of request records. */
  readonly requestTable: ITable;
  /** The queue of waiting requests: `queue.queue` if that is set. */
  readonly inputQueue: IQueue;
  /** The queues of requests of high and of low priority; undefined without `queue.lanes`. */
  readonly lanes: RequestLanes | undefined;
  /** The queue of messages whose requests used up their attempts. */
  readonly deadLetterQueue: IQueue;
  /** The queue of outcomes that consumers failed to process; undefined if `output` is false or an existing queue. */
  readonly outputDeadLetterQueue: Queue | undefined;
  /** The topic of outcomes, for each `OutcomeSubscription`; undefined without `output.fanOut`. */
  readonly outcomes: OutcomeTopic | undefined;
  /** Your processor on any host. Grant it what your handler needs, for example `table.grantReadData(service.processor)`. */
  readonly processor: IGrantable & IConnectable;
  /** The releases of the processor's versions; undefined without the prop `release`. */
  readonly release: Release | undefined;
  /** The HTTP API; undefined without the prop `api`. */
  readonly api: RequestApi | undefined;
  /** The delivery of webhooks; undefined without the prop `webhooks`. */
  readonly webhooks: Webhooks | undefined;
  /** The audits, which look for requests that are lost; undefined without the prop `observability.audit`. */
  readonly audit: RequestAudit | undefined;
  /** The alarms: on dead letters, long waits, low success rates, errors, throttling and pauses, and on the memory of tasks. */
  readonly alarms: readonly Alarm[];
  /** The dashboard; undefined without the prop `observability.dashboard`. */
  readonly dashboard: Dashboard | undefined;

  readonly #props: AsyncServiceProps;
  readonly #front: AsyncService | undefined;
  readonly #behind: AsyncService[] = [];
  readonly #relays: ServiceRelay[];
  readonly #onLambda: ProcessorFunction | undefined;
  readonly #breaker: CircuitBreaker | undefined;
  readonly #onFargate: ProcessorService | undefined;
  readonly #outputQueue: IQueue | undefined;
  readonly #settings: ServiceSettings;

  /**
   * @param front only for {@link addProcessor}, which sets it
   * @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value
   */
  constructor(scope: Construct, id: string, props: AsyncServiceProps, front?: AsyncService) {
    super(scope, id);
    const settings = serviceSettings(this, props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

    const { encryptionKey } = props;
    if (encryptionKey && !front) allowServices(this, encryptionKey);

    const input = inputQueueOf(this, props, settings);
    const lanes = requestLanesOf(this, props, settings, input.deadLetterQueue);
    const output = outputQueueOf(this, props, settings);
    const sharesOutput = front !== undefined && output?.queue === front.#outputQueue;
    const ownOutcomes =
      output && outputOf(props).fanOut && !sharesOutput
        ? new OutcomeTopic(this, 'Outcomes', {
            settings,
            outputQueue: output.queue,
            outputDeadLetterQueue: output.deadLetterQueue,
            encryptionKey,
          })
        : undefined;
    const outcomes = sharesOutput ? front.outcomes : ownOutcomes;
    // S3 can't notify a FIFO queue, and doesn't know the topic of an upload.
    const uploads =
      !front && (settings.keepsOrder || props.topics)
        ? new QueueWithDeadLetters(this, 'Uploads', { ...UPLOADS_QUEUE, encryptionKey })
        : undefined;
    const existingBucket = front?.payloadBucket ?? props.payloads?.bucket;
    const bucketUse = {
      settings,
      inputQueue: uploads?.queue ?? input.queue,
      corsOrigins: props.api?.corsOrigins ?? [],
    };
    if (existingBucket && !front) useExistingBucket(this, existingBucket, bucketUse);
    const bucket =
      existingBucket ??
      new PayloadBucket(this, 'Payloads', { ...bucketUse, encryptionKey, removalPolicy }).bucket;
    const requestTable =
      front?.requestTable ??
      new RequestTable(this, 'Requests', {
        listed: props.api !== undefined,
        streamed: props.api?.batches ?? false,
        pointInTimeRecovery: props.records?.pointInTimeRecovery ?? true,
        encryptionKey,
        removalPolicy,
      }).table;
    const {
      failureEvents,
      alarmTopic,
      audit: auditProps,
      dashboard: wantsDashboard = false,
    } = props.observability ?? {};
    const failureBus =
      failureEvents &&
      new FailureEvents(this, 'FailureEvents', {
        serviceName: settings.serviceName,
        bus: failureEvents.bus,
        topic: failureEvents.topic,
      }).bus;
    const ownWebhooks =
      props.webhooks && !front
        ? new Webhooks(this, 'Webhooks', {
            service: props,
            webhooks: props.webhooks,
            settings,
            requestTable,
            failureBus,
            removalPolicy,
          })
        : undefined;
    const webhooks = front ? front.webhooks : ownWebhooks;
    const pauses =
      !settings.fargate && (props.circuitBreaker?.pauseEventSource ?? true)
        ? new QueueWithDeadLetters(this, 'Pauses', { ...PAUSES_QUEUE, encryptionKey })
        : undefined;
    const payloadSources = props.payloads?.sources ?? [];
    const processorProps = {
      service: props,
      settings,
      inputQueue: input.queue,
      lanes,
      maxReceives: input.maxReceives,
      outputQueue: outcomes ? undefined : output?.queue,
      outputMaxMessageBytes: outcomes ? undefined : output?.maxMessageBytes,
      outputTopic: outcomes?.topic,
      deadLetterQueue: input.deadLetterQueue,
      webhookQueue: webhooks?.queue,
      pauseQueue: pauses?.queue,
      requestTable,
      payloadBucket: bucket,
      payloadSources,
      secrets: props.secrets ?? {},
      failureBus,
      frontServiceName: front ? front.#settings.serviceName : '',
      removalPolicy,
    };
    const processor = settings.fargate
      ? new ProcessorService(this, 'Processor', { ...processorProps, fargate: settings.fargate })
      : new ProcessorFunction(this, 'Processor', processorProps);
    // Outcomes that are published before the output queue subscribes would be lost.
    if (outcomes) processor.node.addDependency(outcomes);
    const onFargate = processor instanceof ProcessorService ? processor : undefined;
    const onLambda = processor instanceof ProcessorFunction ? processor : undefined;
    const breaker =
      pauses && onLambda
        ? new CircuitBreaker(this, 'CircuitBreaker', {
            service: props,
            settings,
            queue: pauses.queue,
            sources: onLambda.eventSources,
            requestTable: props.api && !front ? requestTable : undefined,
            removalPolicy,
          })
        : undefined;
    const ownApi =
      props.api && !front
        ? new RequestApi(this, 'Api', {
            service: props,
            settings,
            auth: props.api.auth ?? ApiAuth.iam(),
            corsOrigins: props.api.corsOrigins ?? [],
            inputQueue: input.queue,
            deadLetterQueue: input.deadLetterQueue,
            rehearsalFunction: onLambda?.release?.alias ?? onLambda?.function,
            lanes,
            webhookQueue: webhooks?.queue,
            webhookSecret: settings.webhookEndpoints ? webhooks?.secret : undefined,
            receiptSecret: props.api.receipts,
            pauseQueue: breaker && pauses?.queue,
            alarmPrefix: alarmPrefixOf(this),
            requestTable,
            payloadBucket: bucket,
            removalPolicy,
          })
        : undefined;
    const api = front ? front.api : ownApi;
    const sources = props.queue?.sources ?? [];
    const relay =
      sources.length === 0 && !uploads
        ? undefined
        : new MessageRelay(this, 'Relay', {
            service: props,
            settings,
            sources,
            uploads: uploads?.queue,
            inputQueue: input.queue,
            payloadBucket: bucket,
            removalPolicy,
          });
    const audit =
      auditProps &&
      new RequestAudit(this, 'Audit', {
        service: props,
        settings,
        audit: auditProps,
        inputQueue: input.queue,
        lanes,
        deadLetterQueue: input.deadLetterQueue,
        requestTable,
        payloadBucket: bucket,
        payloadSources,
        removalPolicy,
      });
    const alarms = new ServiceAlarms(this, 'Alarms', {
      settings,
      inputQueue: input.queue,
      lanes,
      deadLetterQueue: input.deadLetterQueue,
      outputDeadLetterQueue: output?.deadLetterQueue,
      outcomeTopic: ownOutcomes?.topic,
      webhookDeadLetterQueue: front ? undefined : webhooks?.deadLetterQueue,
      hasWebhookEndpoints: !front && settings.webhookEndpoints,
      pauseDeadLetterQueue: pauses?.deadLetterQueue,
      relay: relay?.function,
      uploadDeadLetterQueue: uploads?.deadLetterQueue,
      processor: onLambda?.function,
      tasks: onFargate?.service,
      release: onLambda?.release,
      api: ownApi,
      audit: audit?.function,
      topic: alarmTopic,
    });
    const dashboard = wantsDashboard
      ? new ServiceDashboard(this, 'Overview', {
          settings,
          inputQueue: input.queue,
          lanes,
          deadLetterQueue: input.deadLetterQueue,
          outputQueue: output?.queue,
          requestTable,
          processor: onLambda?.function,
          tasks: onFargate?.service,
          api: ownApi,
        }).dashboard
      : undefined;
    acknowledgeFindings({
      payloadBucket: bucket,
      ownsBucket: !existingBucket,
      onLambda,
      onFargate,
      release: onLambda?.release,
      api: ownApi,
      webhooks: ownWebhooks,
      relay,
      audit,
      prefixes: settings.prefixes,
      payloadSources,
    });
    new ServiceOutputs(this, {
      ApiUrl: api?.url,
      PayloadBucketName: bucket.bucketName,
      InputQueueUrl: input.queue.queueUrl,
      HighInputQueueUrl: lanes?.high.queueUrl,
      LowInputQueueUrl: lanes?.low.queueUrl,
      OutputQueueUrl: output?.queue.queueUrl,
      OutputDeadLetterQueueUrl: output?.deadLetterQueue?.queueUrl,
      OutcomeTopicArn: outcomes?.topic.topicArn,
      DeadLetterQueueUrl: input.deadLetterQueue.queueUrl,
      RequestTableName: requestTable.tableName,
      ProcessorEntry: props.entry && relative('', props.entry).replaceAll('\\', '/'),
      ProcessorFunctionName: onLambda?.function.functionName,
      ProcessorVersion: props.version,
      ProcessorLogGroupName: processor.logGroup.logGroupName,
      ReleaseAliasName: onLambda?.release?.alias.aliasName,
      ReleaseApplicationName: onLambda?.release?.deployments?.application.applicationName,
      ReleaseDeploymentGroupName: onLambda?.release?.deployments?.deploymentGroupName,
      EventSourceId: onLambda?.eventSource.eventSourceMappingId,
      WebhookSecretArn: webhooks?.secret.secretArn,
      WebhookQueueUrl: webhooks?.queue.queueUrl,
      WebhookDeadLetterQueueUrl: webhooks?.deadLetterQueue.queueUrl,
    } satisfies ServiceOutputValues);
    this.node.addValidation({
      validate: () => [
        ...this.#loopProblems(),
        ...this.#queueProblems(),
        ...this.#bucketProblems(),
        ...(front ? [] : environmentProblems(this)),
      ],
    });

    this.payloadBucket = bucket;
    this.requestTable = requestTable;
    this.inputQueue = input.queue;
    this.lanes = lanes;
    this.deadLetterQueue = input.deadLetterQueue;
    this.#outputQueue = output?.queue;
    this.outputDeadLetterQueue = output?.deadLetterQueue;
    this.outcomes = outcomes;
    this.processor = processor;
    this.#props = props;
    this.#front = front;
    this.#relays = relay ? [relay] : [];
    this.#onLambda = onLambda;
    this.#breaker = breaker;
    this.#onFargate = onFargate;
    this.release = onLambda?.release;
    this.api = api;
    this.webhooks = webhooks;
    this.audit = audit;
    this.alarms = alarms.all;
    this.dashboard = dashboard;
    this.#settings = settings;
  }

  /**
   * Adds a processor for other topics behind the front door of this service. It has queues, retries, concurrency and alarms of
   * its own, and shares API, bucket, table and webhooks with this service, which needs the prop `topics`. A request goes to
   * the processor with the closest pattern. See docs/topics.md.
   * @throws ConfigurationError as the constructor does, and for a processor that was added itself
   */
  addProcessor(id: string, props: ProcessorProps): AsyncService {
    if (this.#front) {
      throw new ConfigurationError(
        `addProcessor() must be called on ${this.#front.node.path}, whose front door it is, got ${this.node.path}`,
      );
    }
    const front = {
      path: this.node.path,
      props: this.#props,
      outputQueue: this.#outputQueue,
      subscribers: [this, ...this.#behind].map((each) => ({
        path: each.node.path,
        topics: each.#settings.topics,
        serviceName: each.#settings.serviceName,
      })),
    };
    const added = new AsyncService(this, id, propsBehind(front, `${this.node.path}/${id}`, props), this);
    this.api?.addProcessor(added.#settings, added.inputQueue);
    if (this.api && added.#onLambda) this.#breaker?.addProcessor(added.#onLambda.eventSources);
    for (const relay of this.#relays) relay.addProcessor(added.#settings, added.inputQueue);
    this.audit?.addProcessor(added.inputQueue, added.deadLetterQueue);
    this.#behind.push(added);
    return added;
  }

  /**
   * Adds a schedule: EventBridge Scheduler sends a request to the input queue at each of its runs. Its id is that of the
   * schedule and the time. See docs/schedules.md.
   * @param id unique within the service; names the requests
   * @throws ConfigurationError that names what can't be so, or for a service that keeps order
   */
  addSchedule(id: string, props: ServiceScheduleProps): ServiceSchedule {
    const { keepsOrder, maxJsonDepth } = this.#settings;
    return new ServiceSchedule(this, id, props, { inputQueue: this.inputQueue, keepsOrder, maxJsonDepth });
  }

  /**
   * What a relay needs to know of the service. For `Outbox`.
   * @throws ConfigurationError for a processor that was added to a service
   */
  get relayed(): RelayedService {
    if (!this.#front) return { props: this.#props, settings: this.#settings };
    throw new ConfigurationError(
      `service must be ${this.#front.node.path}, whose front door it is, got ${this.node.path}: a request goes to the processor of its topic`,
    );
  }

  /** Connects a relay to the queues of all processors, also of those that are added later. For `Outbox`. */
  connectRelay(relay: ServiceRelay): void {
    this.#relays.push(relay);
    for (const each of this.#behind) relay.addProcessor(each.#settings, each.inputQueue);
  }

  /** The patterns of the topics that the processors of the service are for. */
  get topics(): readonly string[] {
    const service = this.#front ?? this;
    return [service, ...service.#behind].flatMap((each) => each.#settings.topics);
  }

  /**
   * The Lambda function that runs your processor.
   * @throws ConfigurationError on Fargate
   */
  get processorFunction(): NodejsFunction {
    return this.#lambda('a Lambda function. Use processor or fargateService').function;
  }

  /**
   * The event source mapping of the input queue. Disable it to stop processing; with `queue.lanes`, those of the other queues too.
   * @throws ConfigurationError on Fargate
   */
  get eventSource(): IEventSourceMapping {
    return this.#lambda('an event source mapping. Set the desired count of fargateService').eventSource;
  }

  /**
   * The ECS service whose tasks run your processor.
   * @throws ConfigurationError on Lambda
   */
  get fargateService(): FargateService {
    if (this.#onFargate) return this.#onFargate.service;
    throw new ConfigurationError(
      `${this.node.path} has no ECS service, because its host is Lambda: set host to Host.fargate(…)`,
    );
  }

  #lambda(what: string): ProcessorFunction {
    if (this.#onLambda) return this.#onLambda;
    throw new ConfigurationError(
      `The host of ${this.node.path} is Fargate, which has no ${what.replace(/^an? /, '')}`,
    );
  }

  /**
   * The queue of outcomes: `output.queue` if that is an existing queue.
   * @throws ConfigurationError if `output` is false
   */
  get outputQueue(): IQueue {
    if (this.#outputQueue) return this.#outputQueue;
    throw new ConfigurationError(
      `${this.node.path} has no output queue, because output is false: read outcomes by the API, or receive webhooks`,
    );
  }

  /**
   * The network connections of the processor, for example for `database.connections.allowDefaultPortFrom(service)`.
   * @throws ConfigurationError on Lambda without `function.vpc`
   */
  get connections(): Connections {
    if (!this.#onLambda || this.#onLambda.function.isBoundToVpc) return this.processor.connections;
    throw new ConfigurationError(
      `${this.node.path} has no network connections to configure: set the prop function.vpc`,
    );
  }

  /**
   * Grants permission to submit requests: to upload under the upload prefix, or to send messages, and to upload their
   * large payloads under the payload prefix.
   */
  grantSubmit(grantee: IGrantable): Grant {
    const { uploadPrefix, payloadPrefix } = this.#settings.prefixes;
    const uploading = ['s3:PutObject', 's3:AbortMultipartUpload'];
    return requestQueuesOf(this.inputQueue, this.lanes)
      .map((queue) => grantQueue(grantee, queue, SENDING, KEY_USES.send))
      .reduce((all, one) => all.combine(one))
      .combine(grantObjects(grantee, this.payloadBucket, uploading, [uploadPrefix, payloadPrefix]))
      .combine(grantKey(grantee, this.payloadBucket.encryptionKey, KEY_USES.writeObjects));
  }

  /**
   * Grants permission to consume outcomes: to receive and delete them, to fetch results and to delete consumer
   * copies.
   */
  grantConsume(grantee: IGrantable): Grant {
    return grantConsumeQueue(grantee, this.outputQueue).combine(this.grantReadResults(grantee));
  }

  /** Grants permission to fetch the results that outcomes refer to, and to delete consumer copies. */
  grantReadResults(grantee: IGrantable): Grant {
    const { resultPrefix, consumerCopyPrefix } = this.#settings.prefixes;
    const bucket = this.payloadBucket;
    return (
      grantObjects(grantee, bucket, ['s3:GetObject', 's3:GetObjectVersion'], [resultPrefix])
        // Pointers of the Extended Client Library name no version.
        .combine(grantObjects(grantee, bucket, ['s3:GetObject', 's3:DeleteObject'], [consumerCopyPrefix]))
        .combine(grantKey(grantee, bucket.encryptionKey, KEY_USES.readObjects))
    );
  }

  /**
   * Grants permission to call the HTTP API, without the calls of operators.
   * @throws ConfigurationError if the service has no API, or if `api.auth` isn't `ApiAuth.iam()`
   */
  grantInvokeApi(grantee: IGrantable): Grant {
    if (!this.api) throw new ConfigurationError(`${this.node.path} has no HTTP API: set the prop api`);
    return this.api.grantInvoke(grantee);
  }

  /**
   * Grants permission to make all calls of the HTTP API: those of {@link grantInvokeApi}, and those of operators.
   * @throws ConfigurationError if the service has no API, or if `api.auth` isn't `ApiAuth.iam()`
   */
  grantOperateApi(grantee: IGrantable): Grant {
    if (!this.api) throw new ConfigurationError(`${this.node.path} has no HTTP API: set the prop api`);
    return this.api.grantOperate(grantee);
  }

  /**
   * Accepted requests, however they were submitted. Redriven requests count again. With `queue.lanes`, those of normal priority.
   * @default - sum over 5 minutes
   */
  metricAccepted(options?: MetricOptions): Metric {
    return this.inputQueue.metricNumberOfMessagesSent(options);
  }

  /**
   * Requests that wait for an attempt. With `queue.lanes`, those of normal priority.
   * @default - maximum over 5 minutes
   */
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
   * @throws ConfigurationError if `output` is false, or if `output.queue` is an existing queue, whose dead-letter queue is unknown
   */
  metricOutputDeadLetters(options?: MetricOptions): Metric {
    if (!this.outputDeadLetterQueue) {
      const why = this.#outputQueue
        ? 'output.queue is an existing queue: use the metrics of its own dead-letter queue'
        : 'output is false';
      throw new ConfigurationError(`${this.node.path} has no output dead-letter queue, because ${why}`);
    }
    return this.outputDeadLetterQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /** Processed batches. @default - sum over 5 minutes @throws ConfigurationError on Fargate */
  metricInvocations(options?: MetricOptions): Metric {
    return this.processorFunction.metricInvocations(options);
  }

  /**
   * Batches that crashed or timed out. A failed request is an outcome, not an error.
   * @default - sum over 5 minutes
   * @throws ConfigurationError on Fargate
   */
  metricErrors(options?: MetricOptions): Metric {
    return this.processorFunction.metricErrors(options);
  }

  /** Batches that Lambda throttled. @default - sum over 5 minutes @throws ConfigurationError on Fargate */
  metricThrottles(options?: MetricOptions): Metric {
    return this.processorFunction.metricThrottles(options);
  }

  /** Duration of a batch in milliseconds. @default - average over 5 minutes @throws ConfigurationError on Fargate */
  metricDuration(options?: MetricOptions): Metric {
    return this.processorFunction.metricDuration(options);
  }

  /**
   * A metric that the processor publishes; see docs/operations.md.
   * @default - the sum of a count or the average of a measurement, over 5 minutes
   */
  metric(name: MetricName, options?: MetricOptions): Metric {
    return serviceMetric(this.#settings.serviceName, name, options);
  }

  #loopProblems(): string[] {
    const links = this.#servicesOfApp().map((service) => ({
      inputQueue: service.inputQueue,
      outputQueues: service.#outputQueues(),
      path: service.node.path,
    }));
    const what = this.outcomes ? 'output.queue and the targets of subscriptions' : 'output.queue';
    return loopProblems(this.node.path, links, what);
  }

  /** The queues that outcomes come to, including those of subscriptions. */
  #outputQueues(): IQueue[] {
    const topicArn = this.outcomes?.topic.topicArn;
    if (topicArn === undefined) return this.#outputQueue ? [this.#outputQueue] : [];
    return subscriptionsIn(this)
      .filter(({ topic }) => topic.topicArn === topicArn)
      .map(({ queue }) => queue);
  }

  #queueProblems(): string[] {
    return sharedQueueProblems(this, this.#servicesOfApp());
  }

  #bucketProblems(): string[] {
    if (this.#front) return [];
    const services = this.#servicesOfApp().filter((service) => !service.#front);
    const userOf = (service: AsyncService) => ({
      service,
      bucket: service.payloadBucket,
      prefixes: service.#settings.prefixes,
    });
    return sharedBucketProblems(userOf(this), services.slice(0, services.indexOf(this)).map(userOf));
  }

  #servicesOfApp(): AsyncService[] {
    return this.node.root.node.findAll().filter((construct) => construct instanceof AsyncService);
  }
}

/**
 * CloudFormation names an alarm by its stack and its logical id, which the CDK makes from the path of the construct. Those of the
 * processors behind the service are among them.
 */
function alarmPrefixOf(service: AsyncService): string {
  const path = service.node.scopes.filter((scope) => !(scope instanceof Stage) && !(scope instanceof Stack));
  const ids = path.map(({ node }) => node.id.replaceAll(/[^A-Za-z0-9]/g, ''));
  return `${Stack.of(service).stackName}-${ids.join('')}`;
}

const SENDING = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'];
