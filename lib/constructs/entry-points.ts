import type { RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ApiAuth } from './api-auth.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { MessageRelay } from './message-relay.ts';
import { RequestApi } from './request-api.ts';
import type { ServiceHost } from './service-host.ts';
import type { ServiceSettings } from './settings/service-settings.ts';
import type { ServiceStorage } from './storage/service-storage.ts';
import type { Webhooks } from './webhooks.ts';

/** Configures {@link entryPoints}. */
export interface EntryPointsSetup {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  readonly storage: ServiceStorage;
  readonly host: ServiceHost;
  readonly webhooks: Webhooks | undefined;
  /** Whether the API is that of a service in front. */
  readonly isBehind: boolean;
  readonly removalPolicy: RemovalPolicy;
}

/** Where requests come in, besides the queue and the bucket. */
export interface EntryPoints {
  /** Undefined without the prop `api`, and for a service behind another one. */
  readonly ownApi: RequestApi | undefined;
  /** Undefined if nothing is relayed to the input queue. */
  readonly relay: MessageRelay | undefined;
}

/** Creates the HTTP API of a service, and the relay of messages from elsewhere. */
export function entryPoints(scope: Construct, setup: EntryPointsSetup): EntryPoints {
  return { ownApi: newApi(scope, setup), relay: newRelay(scope, setup) };
}

function newApi(
  scope: Construct,
  { service, settings, storage, host, webhooks, isBehind, removalPolicy }: EntryPointsSetup,
): RequestApi | undefined {
  if (!service.api || isBehind) return undefined;
  const { input, lanes, payloadBucket, requestTable } = storage;
  const { onLambda, breaker, pauses } = host;
  return new RequestApi(scope, 'Api', {
    service,
    settings,
    auth: service.api.auth ?? ApiAuth.iam(),
    corsOrigins: service.api.corsOrigins ?? [],
    inputQueue: input.queue,
    deadLetterQueue: input.deadLetterQueue,
    rehearsalFunction: onLambda?.release?.alias ?? onLambda?.function,
    lanes,
    webhookQueue: webhooks?.queue,
    webhookSecret: settings.webhookEndpoints ? webhooks?.secret : undefined,
    receiptSecret: service.api.receipts,
    pauseQueue: breaker && pauses?.queue,
    requestTable,
    payloadBucket,
    removalPolicy,
  });
}

function newRelay(
  scope: Construct,
  { service, settings, storage, removalPolicy }: EntryPointsSetup,
): MessageRelay | undefined {
  const { input, uploads, payloadBucket } = storage;
  const sources = service.queue?.sources ?? [];
  if (sources.length === 0 && !uploads) return undefined;
  return new MessageRelay(scope, 'Relay', {
    service,
    settings,
    sources,
    uploads: uploads?.queue,
    inputQueue: input.queue,
    payloadBucket,
    removalPolicy,
  });
}
