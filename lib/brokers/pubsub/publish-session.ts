import { type protos, v1 } from '@google-cloud/pubsub-api';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { Session } from '../reconnecting-session.ts';
import {
  asOpeningError,
  CHECK_TIMEOUT_MILLISECONDS,
  callOptions,
  clientOptions,
  describeResource,
  endsConnection,
  initialize,
} from './client.ts';
import type { EncodedMessage } from './message.ts';
import { gcloud, type PubSubResource, pathOf } from './url.ts';

/** A connection that publishes to one topic. */
export class PublishSession implements Session {
  /** The name of the topic's schema, if it has one. */
  readonly schema: string | undefined;
  readonly #client: v1.PublisherClient;
  readonly #path: string;
  readonly #end: (reason: Error) => void;

  private constructor(
    client: v1.PublisherClient,
    path: string,
    schema: string | undefined,
    end: (reason: Error) => void,
  ) {
    this.#client = client;
    this.#path = path;
    this.schema = schema;
    this.#end = end;
  }

  /** @throws ConfigurationError if the topic is unsuitable; another error if the service can't be reached */
  static async open(resource: PubSubResource, end: (reason: Error) => void): Promise<PublishSession> {
    const client = new v1.PublisherClient(clientOptions());
    try {
      await initialize(client);
      const { schemaSettings } = await readTopic(client, resource);
      return new PublishSession(client, pathOf(resource), schemaSettings?.schema || undefined, end);
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }

  /**
   * Publishes messages with the same ordering key: all or none.
   * @throws an error if the service doesn't confirm them within the time
   */
  async publish(messages: EncodedMessage[], timeoutMilliseconds: number): Promise<void> {
    try {
      await this.#client.publish({ topic: this.#path, messages }, callOptions(timeoutMilliseconds));
    } catch (error) {
      if (endsConnection(error)) this.#end(error instanceof Error ? error : new Error(messageOf(error)));
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  lost(): void {
    void this.#client.close().catch(() => {});
  }
}

/** @throws ConfigurationError if it doesn't exist, or if no subscription keeps its messages */
async function readTopic(
  client: v1.PublisherClient,
  resource: PubSubResource,
): Promise<protos.google.pubsub.v1.ITopic> {
  const topic = pathOf(resource);
  const options = () => ({ ...callOptions(CHECK_TIMEOUT_MILLISECONDS), autoPaginate: false });
  try {
    const [found] = await client.getTopic({ topic }, options());
    const [subscriptions] = await client.listTopicSubscriptions({ topic, pageSize: 1 }, options());
    if (subscriptions.length > 0) return found;
  } catch (error) {
    throw asOpeningError(resource, error);
  }
  const creation = gcloud(
    { ...resource, kind: 'subscription', name: 'NAME' },
    'create',
    `--topic=${resource.name}`,
  );
  throw new ConfigurationError(
    `${describeResource(resource)} has no subscription, so that what is published to it is lost. Create one for its consumer: ${creation}`,
  );
}
