import type { RequestIdentity } from '../model/request-id.ts';
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';
import type { WebhookState } from '../model/webhook-state.ts';

/** A receiver's response. */
export interface WebhookAnswer {
  readonly status: number;
  /** The unparsed `Retry-After` header. */
  readonly retryAfter?: string;
}

/** Calls receivers. Doesn't follow redirects, use proxies or read response bodies. */
export interface WebhookSender {
  /**
   * POSTs once, to public addresses only.
   * @throws Error if no response came in time, or if the URL leads to an address that must not be called. In that case
   *   nothing was sent
   */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<WebhookAnswer>;
}

/** The secrets that sign deliveries. */
export interface WebhookSecrets {
  /** Reads the secrets: the current one first and, during a rotation, the previous one. */
  read(): Promise<readonly string[]>;
}

/** Records the states of webhooks. */
export interface WebhookStates {
  /** Records a state, unless there is no record, or it has the state of a later attempt or outcome. */
  note(request: RequestIdentity, state: WebhookState): Promise<void>;
}

/** The endpoints of a tenant, as a store keeps them. */
export interface StoredEndpoints {
  readonly endpoints: readonly WebhookEndpoint[];
  /** The number of writes of the list; 0 if it was never written. */
  readonly revision: number;
}

/** Reads the webhook endpoints of a tenant. */
export interface WebhookEndpointReader {
  /** @param tenant undefined for those of callers without a tenant */
  read(tenant: string | undefined): Promise<StoredEndpoints>;
}

/**
 * Stores webhook endpoints, one list for each tenant, which is read and written as a whole: it is short, so its limit and its
 * changes need no other transaction. Without search: callers name the tenant.
 */
export interface WebhookEndpointStore extends WebhookEndpointReader {
  /** Writes if the stored revision is one less. @returns whether it was written */
  write(tenant: string | undefined, next: StoredEndpoints): Promise<boolean>;
}

/** A queue of webhooks: those to deliver, or those that are dead-lettered. */
export interface WebhookQueue {
  /**
   * Sends a message. Rejects if the queue doesn't confirm it, even though the queue may have it.
   * @param host the receiver's host: the queue is fair among hosts
   * @param delaySeconds whole seconds until it may be delivered, up to 900
   */
  send(message: string, host: string, delaySeconds: number): Promise<void>;
}
