import type { Callbacks, TraceTarget } from './settings.ts';
import {
  callbackVariables,
  METRICS_VARIABLE,
  TEXT_VARIABLES,
  tracingVariable,
  webhookEndpointsVariable,
} from './variable-names.ts';
import {
  flag,
  optionalText,
  readVariables,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function that delivers webhooks. */
export interface WebhookEnvironment {
  /** Names the service in logs. */
  readonly serviceName: string;
  readonly webhookQueueUrl: string;
  /** The same queue, for EventBridge Scheduler. */
  readonly webhookQueueArn: string;
  /** The queue for webhooks that used up their attempts. */
  readonly webhookDeadLetterQueueUrl: string;
  /** The same queue, for EventBridge Scheduler. */
  readonly webhookDeadLetterQueueArn: string;
  /** The Secrets Manager secret with the signing secrets. */
  readonly webhookSecret: string;
  /** The schedule group for later attempts. */
  readonly scheduleGroup: string;
  /** The role that EventBridge Scheduler assumes to send to the queue. */
  readonly scheduleRole: string;
  /** The table of request records. */
  readonly requestTable: string;
  /** Whether there are webhook endpoints. */
  readonly webhookEndpoints: boolean;
  /** Whether to log metrics. */
  readonly metrics: boolean;
  /** The event bus for events about endpoints; empty if there is none. */
  readonly eventBusArn: string;
  readonly callbacks: Callbacks;
  readonly callbackPorts: readonly number[];
  /** The destination of spans. */
  readonly tracing: TraceTarget;
}

/** The webhook function's environment as variables, for a deployment to set. */
export function writeWebhookEnvironment(environment: WebhookEnvironment): Record<string, string> {
  return writeVariables(webhookVariables(), environment);
}

/**
 * Reads back what {@link writeWebhookEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readWebhookEnvironment(variables: Variables): WebhookEnvironment {
  return readVariables(webhookVariables(), variables, "The webhook function's environment");
}

function webhookVariables(): VariablesOf<WebhookEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    webhookQueueUrl: text(TEXT_VARIABLES.webhookQueueUrl),
    webhookQueueArn: text(TEXT_VARIABLES.webhookQueueArn),
    webhookDeadLetterQueueUrl: text(TEXT_VARIABLES.webhookDeadLetterQueueUrl),
    webhookDeadLetterQueueArn: text(TEXT_VARIABLES.webhookDeadLetterQueueArn),
    webhookSecret: text(TEXT_VARIABLES.webhookSecret),
    scheduleGroup: text(TEXT_VARIABLES.scheduleGroup),
    scheduleRole: text(TEXT_VARIABLES.scheduleRole),
    requestTable: text(TEXT_VARIABLES.requestTable),
    webhookEndpoints: webhookEndpointsVariable(),
    metrics: flag(METRICS_VARIABLE),
    eventBusArn: optionalText(TEXT_VARIABLES.eventBusArn),
    ...callbackVariables(),
    tracing: tracingVariable(),
  };
}
