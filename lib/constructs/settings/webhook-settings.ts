import { Token } from 'aws-cdk-lib';
import {
  type Callbacks,
  DEFAULT_CALLBACK_PORTS,
  DEFAULT_WEBHOOK_EVENTS,
  WEBHOOK_EVENTS,
  type WebhookEvent,
} from '../../core/config/settings.ts';
import { MAX_PORT } from '../../core/config/variables.ts';
import { callbackUrlProblem } from '../../core/model/callback-url.ts';
import { emulatorEndpoint } from '../emulated-aws.ts';
import type { WebhookProps } from '../webhook-props.ts';

/** All settings of webhooks: the props with defaults. */
export interface WebhookSettings {
  readonly webhookDefaultUrl: string;
  readonly webhookEvents: readonly WebhookEvent[];
  readonly webhookEndpoints: boolean;
  readonly callbacks: Callbacks;
  readonly callbackPorts: readonly number[];
}

/** The settings of webhooks. */
export function webhookSettings(props: WebhookProps | undefined): WebhookSettings {
  return {
    webhookDefaultUrl: props?.defaultUrl ?? '',
    webhookEvents: props?.events ?? DEFAULT_WEBHOOK_EVENTS,
    webhookEndpoints: props?.endpoints ?? false,
    callbacks: props ? (props.allowLocal ? 'local' : 'public') : 'off',
    callbackPorts: props?.ports ?? DEFAULT_CALLBACK_PORTS,
  };
}

/** Problems with the props of webhooks. @param hasApi whether the service has an HTTP API */
export function webhookProblems(props: WebhookProps | undefined, hasApi: boolean): string[] {
  if (!props) return [];
  const { defaultUrl, events = DEFAULT_WEBHOOK_EVENTS, ports = DEFAULT_CALLBACK_PORTS } = props;
  const problems: string[] = [];
  if (events.length === 0 || !events.every((event) => WEBHOOK_EVENTS.includes(event))) {
    problems.push(
      `webhooks.events must be one or more of ${WEBHOOK_EVENTS.join(', ')}, got ${JSON.stringify(events)}`,
    );
  }
  if (ports.length === 0 || !ports.every(isPort)) {
    problems.push(
      `webhooks.ports must be one or more whole numbers from 1 to 65535, got ${JSON.stringify(ports)}`,
    );
  }
  if (props.endpoints && !hasApi) {
    problems.push('webhooks.endpoints must be false in a service without the prop api, got true');
  }
  if (props.allowLocal && emulatorEndpoint() === undefined) {
    problems.push(
      'webhooks.allowLocal must be false unless AWS_ENDPOINT_URL is the URL of a local AWS, got true',
    );
  }
  const urlProblem =
    defaultUrl === undefined || Token.isUnresolved(defaultUrl)
      ? undefined
      : callbackUrlProblem(defaultUrl, webhookSettings(props));
  if (urlProblem) problems.push(`webhooks.defaultUrl: ${urlProblem}`);
  return problems;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= MAX_PORT;
}
