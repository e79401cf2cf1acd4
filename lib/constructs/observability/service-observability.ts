import { relative } from 'node:path';
import type { RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { MessageRelay } from '../message-relay.ts';
import type { RequestApi } from '../request-api.ts';
import { RequestAudit } from '../request-audit.ts';
import type { ServiceHost } from '../service-host.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import type { ServiceStorage } from '../storage/service-storage.ts';
import type { Webhooks } from '../webhooks.ts';
import { acknowledgeFindings } from './acknowledged-findings.ts';
import { ServiceAlarms } from './service-alarms.ts';
import { ServiceDashboard } from './service-dashboard.ts';
import { ServiceOutputs, type ServiceOutputValues } from './service-outputs.ts';

/** Configures {@link observeService}: all parts of a service. */
export interface ServiceObservabilitySetup {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly storage: ServiceStorage;
  readonly host: ServiceHost;
  readonly relay: MessageRelay | undefined;
  /** Its own, or that of the service in front. */
  readonly api: RequestApi | undefined;
  /** Its own, or those of the service in front. */
  readonly webhooks: Webhooks | undefined;
  /** Whether API and webhooks are those of a service in front. */
  readonly isBehind: boolean;
  readonly removalPolicy: RemovalPolicy;
}

/** What shows how a service does. */
export interface ServiceObservability {
  readonly audit: RequestAudit | undefined;
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard | undefined;
}

/** Creates the audits, alarms and dashboard of a service, and its stack outputs. */
export function observeService(scope: Construct, setup: ServiceObservabilitySetup): ServiceObservability {
  const audit = newAudit(scope, setup);
  const alarms = newAlarms(scope, setup, audit);
  const dashboard = newDashboard(scope, setup);
  acknowledge(setup, audit);
  new ServiceOutputs(scope, outputsOf(setup));
  return { audit, alarms, dashboard };
}

function newAudit(
  scope: Construct,
  { service, settings, storage, removalPolicy }: ServiceObservabilitySetup,
): RequestAudit | undefined {
  const { audit } = service.observability ?? {};
  if (!audit) return undefined;
  const { input, lanes, requestTable, payloadBucket } = storage;
  return new RequestAudit(scope, 'Audit', {
    service,
    settings,
    audit,
    inputQueue: input.queue,
    lanes,
    deadLetterQueue: input.deadLetterQueue,
    requestTable,
    payloadBucket,
    payloadSources: service.payloads?.sources ?? [],
    removalPolicy,
  });
}

function newAlarms(
  scope: Construct,
  setup: ServiceObservabilitySetup,
  audit: RequestAudit | undefined,
): readonly Alarm[] {
  const { service, settings, storage, host, relay } = setup;
  const { input, output } = storage;
  const { ownApi, ownWebhooks } = ownOf(setup);
  return new ServiceAlarms(scope, 'Alarms', {
    settings,
    inputQueue: input.queue,
    lanes: storage.lanes,
    deadLetterQueue: input.deadLetterQueue,
    outputDeadLetterQueue: output?.deadLetterQueue,
    outcomeTopic: storage.ownOutcomes?.topic,
    webhookDeadLetterQueue: ownWebhooks?.deadLetterQueue,
    hasWebhookEndpoints: ownWebhooks !== undefined && settings.webhookEndpoints,
    pauseDeadLetterQueue: host.pauses?.deadLetterQueue,
    relay: relay?.function,
    uploadDeadLetterQueue: storage.uploads?.deadLetterQueue,
    processor: host.onLambda?.function,
    tasks: host.onFargate?.service,
    release: host.onLambda?.release,
    api: ownApi,
    audit: audit?.function,
    topic: service.observability?.alarmTopic,
  }).all;
}

function newDashboard(scope: Construct, setup: ServiceObservabilitySetup): Dashboard | undefined {
  const { service, settings, storage, host } = setup;
  if (!service.observability?.dashboard) return undefined;
  return new ServiceDashboard(scope, 'Overview', {
    settings,
    inputQueue: storage.input.queue,
    lanes: storage.lanes,
    deadLetterQueue: storage.input.deadLetterQueue,
    outputQueue: storage.output?.queue,
    requestTable: storage.requestTable,
    processor: host.onLambda?.function,
    tasks: host.onFargate?.service,
    api: ownOf(setup).ownApi,
  }).dashboard;
}

function acknowledge(setup: ServiceObservabilitySetup, audit: RequestAudit | undefined): void {
  const { service, settings, storage, host, relay } = setup;
  const { ownApi, ownWebhooks } = ownOf(setup);
  acknowledgeFindings({
    payloadBucket: storage.payloadBucket,
    ownsBucket: storage.ownsBucket,
    onLambda: host.onLambda,
    onFargate: host.onFargate,
    release: host.onLambda?.release,
    api: ownApi,
    webhooks: ownWebhooks,
    relay,
    audit,
    prefixes: settings.prefixes,
    payloadSources: service.payloads?.sources ?? [],
  });
}

function ownOf({ isBehind, api, webhooks }: ServiceObservabilitySetup) {
  return isBehind ? {} : { ownApi: api, ownWebhooks: webhooks };
}

function outputsOf({
  service,
  storage,
  host,
  api,
  webhooks,
}: ServiceObservabilitySetup): ServiceOutputValues {
  const { input, lanes, output } = storage;
  const { function: processor, release, eventSource } = host.onLambda ?? {};
  return {
    ApiUrl: api?.url,
    PayloadBucketName: storage.payloadBucket.bucketName,
    InputQueueUrl: input.queue.queueUrl,
    HighInputQueueUrl: lanes?.high.queueUrl,
    LowInputQueueUrl: lanes?.low.queueUrl,
    OutputQueueUrl: output?.queue.queueUrl,
    OutputDeadLetterQueueUrl: output?.deadLetterQueue?.queueUrl,
    OutcomeTopicArn: storage.outcomes?.topic.topicArn,
    DeadLetterQueueUrl: input.deadLetterQueue.queueUrl,
    RequestTableName: storage.requestTable.tableName,
    ProcessorEntry: service.entry && relative('', service.entry).replaceAll('\\', '/'),
    ProcessorFunctionName: processor?.functionName,
    ProcessorVersion: service.version,
    ProcessorLogGroupName: host.processor.logGroup.logGroupName,
    ReleaseAliasName: release?.alias.aliasName,
    ReleaseApplicationName: release?.deployments?.application.applicationName,
    ReleaseDeploymentGroupName: release?.deployments?.deploymentGroupName,
    EventSourceId: eventSource?.eventSourceMappingId,
    WebhookSecretArn: webhooks?.secret.secretArn,
    WebhookQueueUrl: webhooks?.queue.queueUrl,
    WebhookDeadLetterQueueUrl: webhooks?.deadLetterQueue.queueUrl,
  };
}
