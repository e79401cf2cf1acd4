import {
  type CallOptions,
  type ClientOptions,
  GoogleError,
  googleAuthLibrary,
  grpc,
  Status,
} from 'google-gax';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { gcloud, type PubSubResource, pathOf } from './url.ts';

/*
 * The generated clients with unary calls, not the library on top of them: its subscriber has leases and a buffer of its
 * own, beside those of the worker, and a message that waits for its retry takes a place of a streaming pull.
 */

/** Names an emulator: `host:port`. The generated clients don't read it by themselves. */
const EMULATOR_VARIABLE = 'PUBSUB_EMULATOR_HOST';

/** How long opening a client and checking its resource may take, in milliseconds. */
export const CHECK_TIMEOUT_MILLISECONDS = 10_000;

/** The call failed, but the service can be reached, and the connection is as good as another one. */
const PASSING: readonly (Status | undefined)[] = [Status.RESOURCE_EXHAUSTED, Status.ABORTED];

/** The service refuses what the call contains. */
const REFUSING: readonly (Status | undefined)[] = [Status.INVALID_ARGUMENT, Status.FAILED_PRECONDITION];

/** Statuses that only a change of the configuration ends, with what to change. */
const REMEDIES = new Map<Status | undefined, (resource: PubSubResource) => string>([
  [Status.NOT_FOUND, (resource) => `It doesn't exist. Create it: ${creationOf(resource)}`],
  [
    Status.PERMISSION_DENIED,
    ({ kind }) =>
      `Give the worker's account the roles roles/pubsub.viewer and roles/pubsub.${kind === 'topic' ? 'publisher' : 'subscriber'} on it`,
  ],
  [Status.UNAUTHENTICATED, () => 'Check the credentials of the worker'],
  [Status.INVALID_ARGUMENT, () => 'Check the URL'],
]);

/**
 * Options of a client with a connection of its own. Otherwise input and output share one, and a client that replaces
 * another gets the broken connection that the third one still has.
 * @throws ConfigurationError if the emulator's address is malformed
 */
export function clientOptions(): ClientOptions {
  const common = { fallback: false, 'grpc.use_local_subchannel_pool': 1 };
  const emulator = process.env[EMULATOR_VARIABLE];
  if (!emulator) return common;
  const address = URL.parse(`http://${emulator.replace(/^https?:\/\//, '')}`);
  if (!address?.port) {
    throw new ConfigurationError(`${EMULATOR_VARIABLE} must be host:port, got ${emulator}`);
  }
  return {
    ...common,
    servicePath: address.hostname,
    port: Number(address.port),
    sslCreds: grpc.credentials.createInsecure(),
    // Otherwise the client looks for credentials, on the network too.
    authClient: new googleAuthLibrary.PassThroughClient(),
  };
}

/** Options of a call without the client's own retries, which go on for up to ten minutes. */
export function callOptions(timeoutMilliseconds: number): CallOptions {
  return { timeout: timeoutMilliseconds, retry: null };
}

/**
 * Loads the credentials. Without that, a call rejects without credentials, and a promise that nothing handles besides.
 * @throws ConfigurationError if there are no credentials
 */
export async function initialize(client: { initialize(): Promise<unknown> }): Promise<void> {
  try {
    await client.initialize();
  } catch (cause) {
    throw new ConfigurationError(
      `Google's credentials can't be loaded: ${messageOf(cause).replace(/\.$/, '')}. Set GOOGLE_APPLICATION_CREDENTIALS, or call gcloud auth application-default login`,
      { cause },
    );
  }
}

/** Names the connection in log lines and errors. */
export function describeConnection(resource: PubSubResource): string {
  return `Pub/Sub at ${pathOf(resource)}`;
}

/** Names the resource at the beginning of a log line or error. */
export function describeResource(resource: PubSubResource): string {
  return `The Pub/Sub ${resource.kind} ${pathOf(resource)}`;
}

/** The gRPC status of a call's error. */
export function statusOf(error: unknown): Status | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

/** Whether the connection should be replaced: it is lost, or its resource is gone or can't be used any more. */
export function endsConnection(error: unknown): boolean {
  return !PASSING.includes(statusOf(error)) && !REFUSING.includes(statusOf(error));
}

/** Whether the same call may succeed when it is repeated. */
export function isRepeatable(error: unknown): boolean {
  return !REFUSING.includes(statusOf(error)) && !REMEDIES.has(statusOf(error));
}

/** Whether the service refuses what the call contains, such as a message that a schema doesn't allow. */
export function isRefusal(error: unknown): boolean {
  return statusOf(error) === Status.INVALID_ARGUMENT;
}

/** What a call's error says about single acknowledgements: the reason by the id. */
export function reasonsByAckId(error: unknown): ReadonlyMap<string, string> {
  const isDetailed = error instanceof GoogleError || (error instanceof Error && 'errorInfoMetadata' in error);
  return new Map(isDetailed ? Object.entries(error.errorInfoMetadata ?? {}) : []);
}

/** What the service refuses needs a change of the configuration; anything else is an outage. */
export function asOpeningError(resource: PubSubResource, cause: unknown): Error {
  const remedy = REMEDIES.get(statusOf(cause));
  const reason = messageOf(cause);
  if (!remedy) return new Error(`${describeConnection(resource)} can't be reached: ${reason}`, { cause });
  return new ConfigurationError(
    `${describeResource(resource)} can't be used: ${reason}. ${remedy(resource)}`,
    { cause },
  );
}

function creationOf(resource: PubSubResource): string {
  if (resource.kind === 'topic') return gcloud(resource, 'create');
  return gcloud(
    resource,
    'create',
    '--topic=TOPIC --ack-deadline=60 --expiration-period=never --message-retention-duration=31d',
  );
}
