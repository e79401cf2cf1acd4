import { ConfigurationError } from '../base/errors.ts';
import type { WebhookEvent } from '../config/settings.ts';
import { type CallbackRules, callbackUrlProblem } from '../model/callback-url.ts';
import { matchesTopic } from '../model/topic.ts';
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';
import type { WebhookEndpointReader } from '../ports/webhooks.ts';

/** Which events webhooks report, and to which URLs. */
export interface WebhookRules extends CallbackRules {
  /** The receiver of requests without a callback URL; empty if there is none. */
  readonly webhookDefaultUrl: string;
  /** The events that webhooks report. */
  readonly webhookEvents: readonly WebhookEvent[];
}

/** Where a webhook goes. */
export interface Recipient {
  readonly url: string;
  /** The id of the endpoint; absent for a callback URL or the default URL. */
  readonly endpoint?: string;
}

/** The parts of a request that decide about the recipients of an event. */
export interface ReportedRequest {
  readonly tenant?: string;
  readonly topic?: string;
  readonly callbackUrl?: string;
}

/** @throws ConfigurationError for a default URL that can't be called */
export function assertDefaultUrl(rules: WebhookRules): void {
  const { webhookDefaultUrl } = rules;
  const problem = webhookDefaultUrl === '' ? undefined : callbackUrlProblem(webhookDefaultUrl, rules);
  if (problem) throw new ConfigurationError(`The default URL of webhooks can't be used: ${problem}`);
}

/**
 * The recipients of an event: the callback URL or the default URL, and the endpoints of the request's tenant.
 * @param endpoints absent if the service has none
 */
export async function recipientsOf(
  event: WebhookEvent,
  { tenant, topic, callbackUrl }: ReportedRequest,
  rules: WebhookRules,
  endpoints: WebhookEndpointReader | undefined,
): Promise<readonly Recipient[]> {
  const url = webhookUrl(event, callbackUrl, rules);
  const list = endpoints ? (await endpoints.read(tenant)).endpoints : [];
  const matching = list.filter(
    (endpoint) => endpoint.status === 'enabled' && wants(endpoint, event, topic, rules),
  );
  return [
    ...(url === undefined ? [] : [{ url }]),
    ...matching.map(({ id, url: to }) => ({ url: to, endpoint: id })),
  ];
}

/** Whether an endpoint gets an event. @param topic of the request */
export function wants(
  { events, topics = ['*'] }: Pick<WebhookEndpoint, 'events' | 'topics'>,
  event: WebhookEvent,
  topic: string | undefined,
  { webhookEvents }: Pick<WebhookRules, 'webhookEvents'>,
): boolean {
  return (events ?? webhookEvents).includes(event) && topics.some((pattern) => matchesTopic(pattern, topic));
}

/**
 * The callback URL or default URL that an event is sent to. Undefined if the event isn't reported, or if the callback URL
 * isn't allowed.
 */
export function webhookUrl(
  event: WebhookEvent,
  callbackUrl: string | undefined,
  rules: WebhookRules,
): string | undefined {
  if (!rules.webhookEvents.includes(event)) return undefined;
  if (callbackUrl === undefined) return rules.webhookDefaultUrl || undefined;
  return callbackUrlProblem(callbackUrl, rules) === undefined ? callbackUrl : undefined;
}
