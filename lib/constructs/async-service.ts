import { RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Connections, IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../core/base/errors.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { entryPoints } from './entry-points.ts';
import { environmentProblems } from './functions/environment-size.ts';
import type { ProcessorFunction } from './functions/processor-function.ts';
import { failureBusOf } from './observability/failure-events.ts';
import { MeasuredService } from './observability/measured-service.ts';
import { observeService } from './observability/service-observability.ts';
import type { OutcomeTopic } from './outcome-topic.ts';
import type { ProcessorProps } from './processor-props.ts';
import type { Release } from './release.ts';
import type { RequestApi } from './request-api.ts';
import type { RequestAudit } from './request-audit.ts';
import { type ServiceHost, serviceHost } from './service-host.ts';
import type { RelayedService, ServiceRelay } from './service-relay.ts';
import { ServiceSchedule, type ServiceScheduleProps } from './service-schedule.ts';
import { appProblems, type ServiceInApp } from './settings/app-problems.ts';
import { propsBehind } from './settings/front-door.ts';
import { type ServiceSettings, serviceSettings } from './settings/service-settings.ts';
import { grantObjects } from './storage/grant-objects.ts';
import { grantConsumeQueue, grantQueue } from './storage/grant-queue.ts';
import { allowServices, grantKey, KEY_USES } from './storage/key-use.ts';
import { type RequestLanes, requestQueuesOf } from './storage/request-lanes.ts';
import { type ServiceStorage, serviceStorage } from './storage/service-storage.ts';
import { Webhooks } from './webhooks.ts';

/**
 * Processes requests asynchronously: upload a payload or send a message, and receive the outcome from the output queue.
 *
 * A payload bucket notifies an input queue of uploads. Your processor, a Lambda function or tasks on Fargate, receives
 * messages from the queue and publishes their outcomes to an output queue. Both queues have dead-letter queues with alarms.
 * The prop `api` adds an HTTP API; `webhooks` also sends outcomes by HTTP.
 */
export class AsyncService extends MeasuredService implements IConnectable {
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
  readonly #settings: ServiceSettings;
  readonly #storage: ServiceStorage;
  readonly #host: ServiceHost;
  readonly #front: AsyncService | undefined;
  readonly #behind: AsyncService[] = [];
  readonly #relays: ServiceRelay[];

  /**
   * @param front only for {@link addProcessor}, which sets it
   * @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value
   */
  constructor(scope: Construct, id: string, props: AsyncServiceProps, front?: AsyncService) {
    super(scope, id);
    const settings = serviceSettings(this, props);
    const { removalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, encryptionKey } = props;
    const isBehind = front !== undefined;
    const setup = { service: props, settings, isBehind, removalPolicy };

    if (encryptionKey && !front) allowServices(this, encryptionKey);
    const storage = serviceStorage(this, { ...setup, front: front ? front.#storage : undefined });
    const failureBus = failureBusOf(this, props, settings);
    const webhooks = front
      ? front.webhooks
      : props.webhooks &&
        new Webhooks(this, 'Webhooks', {
          ...setup,
          webhooks: props.webhooks,
          requestTable: storage.requestTable,
          failureBus,
        });
    const host = serviceHost(this, {
      ...setup,
      storage,
      webhookQueue: webhooks?.queue,
      failureBus,
      frontServiceName: front ? front.#settings.serviceName : undefined,
    });
    const { ownApi, relay } = entryPoints(this, { ...setup, storage, host, webhooks });
    const api = front?.api ?? ownApi;
    const observed = observeService(this, { ...setup, storage, host, relay, api, webhooks });
    ownApi?.addAlarms(observed.alarms);
    this.node.addValidation({
      validate: () => [...this.#appProblems(), ...(isBehind ? [] : environmentProblems(this))],
    });

    this.payloadBucket = storage.payloadBucket;
    this.requestTable = storage.requestTable;
    this.inputQueue = storage.input.queue;
    this.lanes = storage.lanes;
    this.deadLetterQueue = storage.input.deadLetterQueue;
    this.outputDeadLetterQueue = storage.output?.deadLetterQueue;
    this.outcomes = storage.outcomes;
    this.processor = host.processor;
    this.release = host.onLambda?.release;
    this.api = api;
    this.webhooks = webhooks;
    this.audit = observed.audit;
    this.alarms = observed.alarms;
    this.dashboard = observed.dashboard;
    this.#props = props;
    this.#settings = settings;
    this.#storage = storage;
    this.#host = host;
    this.#front = front;
    this.#relays = relay ? [relay] : [];
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
      outputQueue: this.#storage.output?.queue,
      subscribers: [this, ...this.#behind].map((each) => ({
        path: each.node.path,
        topics: each.#settings.topics,
        serviceName: each.#settings.serviceName,
      })),
    };
    const added = new AsyncService(this, id, propsBehind(front, `${this.node.path}/${id}`, props), this);
    this.api?.addProcessor(added.#settings, added.inputQueue);
    this.api?.addAlarms(added.alarms);
    if (this.api && added.#host.onLambda) this.#host.breaker?.addProcessor(added.#host.onLambda.eventSources);
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
    const { onFargate } = this.#host;
    if (onFargate) return onFargate.service;
    throw new ConfigurationError(
      `${this.node.path} has no ECS service, because its host is Lambda: set host to Host.fargate(…)`,
    );
  }

  #lambda(what: string): ProcessorFunction {
    const { onLambda } = this.#host;
    if (onLambda) return onLambda;
    throw new ConfigurationError(
      `The host of ${this.node.path} is Fargate, which has no ${what.replace(/^an? /, '')}`,
    );
  }

  /**
   * The queue of outcomes: `output.queue` if that is an existing queue.
   * @throws ConfigurationError if `output` is false
   */
  get outputQueue(): IQueue {
    const { output } = this.#storage;
    if (output) return output.queue;
    throw new ConfigurationError(
      `${this.node.path} has no output queue, because output is false: read outcomes by the API, or receive webhooks`,
    );
  }

  /**
   * The network connections of the processor, for example for `database.connections.allowDefaultPortFrom(service)`.
   * @throws ConfigurationError on Lambda without `function.vpc`
   */
  get connections(): Connections {
    const { onLambda } = this.#host;
    if (!onLambda || onLambda.function.isBoundToVpc) return this.processor.connections;
    throw new ConfigurationError(
      `${this.node.path} has no network connections to configure: set the prop function.vpc`,
    );
  }

  /**
   * Grants permission to submit requests: to upload under the upload prefix, or to send messages, and to upload their
   * large payloads under the payload prefix.
   * @throws ConfigurationError for a role of a stack in another account or region, unless names that you chose connect both
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
   * @throws ConfigurationError for a role of a stack in another account or region, unless names that you chose connect both
   */
  grantConsume(grantee: IGrantable): Grant {
    return grantConsumeQueue(grantee, this.outputQueue).combine(this.grantReadResults(grantee));
  }

  /**
   * Grants permission to fetch the results that outcomes refer to, and to delete consumer copies.
   * @throws ConfigurationError for a role of a stack in another account or region, unless names that you chose connect both
   */
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
   * @throws ConfigurationError if the service has no API, if `api.auth` isn't `ApiAuth.iam()`, or for a principal of another account
   *   or without a policy of its own
   */
  grantInvokeApi(grantee: IGrantable): Grant {
    if (!this.api) throw new ConfigurationError(`${this.node.path} has no HTTP API: set the prop api`);
    return this.api.grantInvoke(grantee);
  }

  /**
   * Grants permission to make all calls of the HTTP API: those of {@link grantInvokeApi}, and those of operators.
   * @throws ConfigurationError like {@link grantInvokeApi}
   */
  grantOperateApi(grantee: IGrantable): Grant {
    if (!this.api) throw new ConfigurationError(`${this.node.path} has no HTTP API: set the prop api`);
    return this.api.grantOperate(grantee);
  }

  protected get metricServiceName(): string {
    return this.#settings.serviceName;
  }

  #appProblems(): string[] {
    const services = this.node.root.node.findAll().filter((construct) => construct instanceof AsyncService);
    return appProblems(
      this,
      services.map((service) => service.#inApp()),
    );
  }

  #inApp(): ServiceInApp {
    const { prefixes } = this.#settings;
    return { service: this, storage: this.#storage, prefixes, isBehind: this.#front !== undefined };
  }
}

const SENDING = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'];
