import { type protos, v1 } from '@google-cloud/pubsub-api';
import { googleAuthLibrary, grpc } from 'google-gax';
import { decodeContent } from '../../../lib/brokers/pubsub/message.ts';
import type { OutputMessage } from '../../../lib/core/ports/message-sink.ts';
import { forwardedMessage } from '../../../lib/core/wire/forwarded-message.ts';

type Subscription = protos.google.pubsub.v1.ISubscription;
type Message = protos.google.pubsub.v1.IPubsubMessage;

/** The project of all topics and subscriptions. */
export const PROJECT = 'coatcheck-tests';

/** Google's own client of a Pub/Sub server on this machine, for what a test does beside the broker. */
export class PubSubAdmin implements AsyncDisposable {
  readonly #publisher: v1.PublisherClient;
  readonly #subscriber: v1.SubscriberClient;

  constructor(port: number) {
    const options = {
      servicePath: '127.0.0.1',
      port,
      sslCreds: grpc.credentials.createInsecure(),
      authClient: new googleAuthLibrary.PassThroughClient(),
      'grpc.use_local_subchannel_pool': 1,
    };
    this.#publisher = new v1.PublisherClient(options);
    this.#subscriber = new v1.SubscriberClient(options);
  }

  async createTopic(name: string): Promise<void> {
    await this.#publisher.createTopic({ name: topicPath(name) });
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#publisher.deleteTopic({ topic: topicPath(name) });
  }

  /** Creates a topic and a subscription with the same name. */
  async create(name: string, settings: Subscription = {}): Promise<void> {
    await this.createTopic(name);
    await this.createSubscription(name, settings);
  }

  async createSubscription(name: string, settings: Subscription = {}): Promise<void> {
    await this.#subscriber.createSubscription({
      name: subscriptionPath(name),
      topic: topicPath(name),
      ackDeadlineSeconds: 60,
      ...settings,
    });
  }

  async deleteSubscription(name: string): Promise<void> {
    await this.#subscriber.deleteSubscription({ subscription: subscriptionPath(name) });
  }

  async detachSubscription(name: string): Promise<void> {
    await this.#publisher.detachSubscription({ subscription: subscriptionPath(name) });
  }

  async publish(name: string, ...messages: readonly Message[]): Promise<void> {
    await this.#publisher.publish({ topic: topicPath(name), messages: [...messages] });
  }

  /** Takes messages of a subscription. Perhaps none. */
  async pull(name: string): Promise<Message[]> {
    const subscription = subscriptionPath(name);
    const [{ receivedMessages }] = await this.#subscriber.pull({ subscription, maxMessages: 1_000 });
    const ackIds = (receivedMessages ?? []).map(({ ackId }) => ackId ?? '');
    if (ackIds.length > 0) await this.#subscriber.acknowledge({ subscription, ackIds });
    return (receivedMessages ?? []).map(({ message }) => message ?? {});
  }

  /** Takes messages of a subscription, as they were sent. */
  async drain(name: string): Promise<OutputMessage[]> {
    return (await this.pull(name)).map((message) => forwardedMessage(decodeContent(message)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#publisher.close(), this.#subscriber.close()]);
  }
}

export function topicPath(name: string): string {
  return `projects/${PROJECT}/topics/${name}`;
}

function subscriptionPath(name: string): string {
  return `projects/${PROJECT}/subscriptions/${name}`;
}
