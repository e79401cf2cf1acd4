import type { RequestIdentity } from '../model/request-id.ts';
import type { WebhookState } from '../model/webhook-state.ts';

/** What a receiver answered. */
export interface WebhookAnswer {
  readonly status: number;
  /** Its header of that name, as it came. */
  readonly retryAfter?: string;
}

/** Calls receivers. Leaves out redirects, proxies and the bodies of answers. */
export interface WebhookSender {
  /**
   * POSTs once, to public addresses only.
   * @throws Error when there was no answer in time, or the URL leads to a place that may not be called; then nothing was
   *   sent there
   */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<WebhookAnswer>;
}

/** What deliveries are signed with. */
export interface WebhookSecrets {
  /** The current one first; the previous one while receivers change over. */
  read(): Promise<readonly string[]>;
}

/** Notes on the records of requests how their webhooks stand. */
export interface WebhookStates {
  /** Notes a state; nothing where there is no record, or where it has a state of a later attempt, or outcome. */
  note(request: RequestIdentity, state: WebhookState): Promise<void>;
}

/** A queue of webhooks: of those to be delivered, or of those that were given up. */
export interface WebhookQueue {
  /**
   * Adds a message. Rejects when the queue didn't say that it has it; it may have it all the same.
   * @param host whom it is for: the queue is fair among them
   * @param delaySeconds whole seconds until it may be delivered, up to 900
   */
  send(message: string, host: string, delaySeconds: number): Promise<void>;
}

/** Sends messages later than a queue's own delay can. Leaves out exactness: a minute more is none. */
export interface DelayedMessages {
  /**
   * Sends a message once. Said again under the same name, while the first waits, it changes nothing.
   * @param name up to 64 letters, digits and - _ .
   * @param at milliseconds since 1970
   */
  schedule(name: string, message: string, at: number): Promise<void>;
}
