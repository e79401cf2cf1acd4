import { setTimeout as sleep } from 'node:timers/promises';
import { type protos, v1 } from '@google-cloud/pubsub-api';
import { type CancellablePromise, routingHeader, Status } from 'google-gax';
import { messageOf } from '../../core/base/serialize-error.ts';
import type { Session } from '../reconnecting-session.ts';
import {
  asOpeningError,
  CHECK_TIMEOUT_MILLISECONDS,
  callOptions,
  clientOptions,
  endsConnection,
  initialize,
  statusOf,
} from './client.ts';
import {
  checkSubscription,
  type Subscription,
  type SubscriptionDemands,
  type SubscriptionSettings,
} from './subscription.ts';
import { type PubSubResource, pathOf } from './url.ts';

export type Received = protos.google.pubsub.v1.IReceivedMessage;

/** How long a pull waits for a message. A connection that died silently is noticed after that. */
const WAIT_MILLISECONDS = 20_000;

/** Messages that no receive takes within this time after they came are returned. */
const RETURN_AFTER_MILLISECONDS = 1_000;

/** A pull that is answered later than this had nothing to deliver. */
const PROMPT_MILLISECONDS = 1_000;

/** Most messages in a pull, and ids in a settlement. The service takes requests of up to 512 KiB. */
export const MAX_IDS = 1_000;

/** A message and when it came. */
interface Arrival {
  readonly received: Received;
  readonly at: number;
}

/** A pull that the service hasn't answered yet. */
interface Pull {
  readonly call: CancellablePromise<[protos.google.pubsub.v1.IPullResponse, unknown, unknown]>;
  readonly startedAt: number;
  /** Rejects if the call fails. */
  readonly over: Promise<void>;
}

/** What a {@link PullSession} needs. */
export interface PullOptions extends SubscriptionDemands {
  readonly resource: PubSubResource;
}

/** A connection that pulls messages of one subscription, in one call at a time. */
export class PullSession implements Session {
  /** The subscription as it was when the session was opened. */
  readonly subscription: Subscription;
  readonly settings: SubscriptionSettings;
  readonly #client: v1.SubscriberClient;
  readonly #path: string;
  readonly #end: (reason: Error) => void;
  #arrived: Arrival[] = [];
  #pull: Pull | undefined;
  #returning: NodeJS.Timeout | undefined;
  #isClosing = false;

  private constructor(
    client: v1.SubscriberClient,
    path: string,
    subscription: Subscription,
    settings: SubscriptionSettings,
    end: (reason: Error) => void,
  ) {
    this.#client = client;
    this.#path = path;
    this.subscription = subscription;
    this.settings = settings;
    this.#end = end;
  }

  /** @throws ConfigurationError if the subscription is unsuitable; another error if the service can't be reached */
  static async open(
    { resource, ...demands }: PullOptions,
    end: (reason: Error) => void,
  ): Promise<PullSession> {
    const client = new v1.SubscriberClient(clientOptions());
    try {
      await initialize(client);
      const found = await readSubscription(client, resource);
      const settings = checkSubscription(resource, found, demands);
      return new PullSession(client, pathOf(resource), found, settings, end);
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }

  /** Takes messages that came. One that came too long ago is left out: it is delivered again, or has been. */
  take(max: number): Received[] {
    const oldest = Date.now() - this.settings.ackDeadlineSeconds * 1_000;
    this.#arrived = this.#arrived.filter(({ at }) => at > oldest);
    return this.#arrived.splice(0, max).map(({ received }) => received);
  }

  /** Resolves when messages may have come. @throws an error if the subscription can't be pulled from */
  pull(max: number): Promise<void> {
    this.#pull ??= this.#startPull(Math.min(max, MAX_IDS));
    return this.#pull.over;
  }

  #startPull(maxMessages: number): Pull {
    const request = { subscription: this.#path, maxMessages };
    const headers = {
      'x-goog-request-params': routingHeader.fromParams({ subscription: this.#path }),
    };
    const options = { ...callOptions(WAIT_MILLISECONDS), otherArgs: { headers } };
    // Not client.pull(): what that returns can't be cancelled.
    const call: Pull['call'] = this.#client.innerApiCalls.pull?.(request, options);
    const over = this.#receive(call).finally(() => {
      this.#pull = undefined;
    });
    over.catch(() => {});
    return { call, startedAt: Date.now(), over };
  }

  async #receive(call: Pull['call']): Promise<void> {
    try {
      const [{ receivedMessages }] = await call;
      const at = Date.now();
      this.#arrived.push(...(receivedMessages ?? []).map((received) => ({ received, at })));
      this.#returnLater();
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** A pull that takes too long had no messages, or the connection is dead: another call shows which. */
  async #fail(error: unknown): Promise<void> {
    if (statusOf(error) !== Status.DEADLINE_EXCEEDED) throw this.#report(error);
    const request = { subscription: this.#path };
    await this.#client
      .getSubscription(request, callOptions(CHECK_TIMEOUT_MILLISECONDS))
      .catch((reason) => Promise.reject(this.#report(reason)));
  }

  /** Ends the session unless the failed call may succeed the next time. */
  #report(error: unknown): Error {
    const reason = error instanceof Error ? error : new Error(messageOf(error));
    if (endsConnection(reason) && !this.#isClosing) this.#end(reason);
    return reason;
  }

  #returnLater(): void {
    clearTimeout(this.#returning);
    this.#returning = setTimeout(() => {
      // What isn't returned is delivered again after the ack deadline.
      this.#return().catch(() => {});
    }, RETURN_AFTER_MILLISECONDS);
  }

  async #return(): Promise<void> {
    const ackIds = this.take(Number.POSITIVE_INFINITY).map(({ ackId }) => ackId ?? '');
    for (let at = 0; at < ackIds.length; at += MAX_IDS) {
      await this.modifyAckDeadline(ackIds.slice(at, at + MAX_IDS), 0, CHECK_TIMEOUT_MILLISECONDS);
    }
  }

  async acknowledge(ackIds: string[], timeoutMilliseconds: number): Promise<void> {
    const request = { subscription: this.#path, ackIds };
    await this.#settle(this.#client.acknowledge(request, callOptions(timeoutMilliseconds)));
  }

  /** @param seconds 0 delivers the messages again at once */
  async modifyAckDeadline(ackIds: string[], seconds: number, timeoutMilliseconds: number): Promise<void> {
    const request = { subscription: this.#path, ackIds, ackDeadlineSeconds: seconds };
    await this.#settle(this.#client.modifyAckDeadline(request, callOptions(timeoutMilliseconds)));
  }

  async #settle(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      throw this.#report(error);
    }
  }

  /** Stops pulling and returns what came and wasn't taken. */
  async close(): Promise<void> {
    this.#isClosing = true;
    try {
      await this.#endPull();
      clearTimeout(this.#returning);
      await this.#return();
    } finally {
      await this.#client.close();
    }
  }

  /** What the service delivers to a pull that is cancelled stays hidden, so a pull that may be answered isn't. */
  async #endPull(): Promise<void> {
    if (!this.#pull) return;
    const { call, startedAt, over } = this.#pull;
    const left = startedAt + PROMPT_MILLISECONDS - Date.now();
    await Promise.race([over.catch(() => {}), sleep(Math.max(0, left), undefined, { ref: false })]);
    call.cancel();
    await over.catch(() => {});
  }

  lost(): void {
    clearTimeout(this.#returning);
    this.#arrived = [];
    this.#pull?.call.cancel();
    void this.#client.close().catch(() => {});
  }
}

async function readSubscription(
  client: v1.SubscriberClient,
  resource: PubSubResource,
): Promise<Subscription> {
  try {
    const request = { subscription: pathOf(resource) };
    const [found] = await client.getSubscription(request, callOptions(CHECK_TIMEOUT_MILLISECONDS));
    return found;
  } catch (error) {
    throw asOpeningError(resource, error);
  }
}
