import {
  API_AUTHS,
  type ApiAuthName,
  CALLBACKS,
  type Callbacks,
  OUTPUT_FORMATS,
  type OutputFormat,
  WEBHOOK_EVENTS,
  type WebhookEvent,
} from './settings.ts';
import {
  choice,
  choices,
  count,
  counts,
  flag,
  list,
  optionalCount,
  optionalSetting,
  optionalText,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a processor is told by its deployment. */
export interface ProcessorEnvironment {
  /** Names the service in logs and as the `source` of its events. */
  readonly serviceName: string;
  readonly inputQueueUrl: string;
  readonly outputQueueUrl: string;
  /** The output queue's MaximumMessageSize; undefined where the deployment doesn't know it. */
  readonly outputMaxMessageBytes: number | undefined;
  /** Where messages go whose requests have used up their attempts. */
  readonly deadLetterQueueUrl: string;
  /** The bucket results go to. */
  readonly payloadBucket: string;
  /** The table of request records. */
  readonly requestTable: string;
  readonly resultPrefix: string;
  readonly disposablePrefix: string;
  /** Where claim checks may point: `bucket` or `bucket/prefix`, the payload bucket among them. */
  readonly claimCheckSources: readonly string[];
  readonly outputFormat: OutputFormat;
  readonly concurrency: number;
  readonly visibilityTimeoutSeconds: number;
  readonly inputRetentionSeconds: number;
  readonly maxAttempts: number;
  readonly retryBaseSeconds: number;
  readonly retryCapSeconds: number;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxJsonDepth: number;
  readonly recordAgeDays: number;
  /** Where a pause is asked for; empty where nothing can keep messages away. */
  readonly pauseQueueUrl: string;
  readonly pauseSeconds: number;
  /** Undefined where no rate of failures makes for a pause. */
  readonly failureRatePercent: number | undefined;
  /** Whether to count what is done: the API decides by it how much it admits. */
  readonly measureLoad: boolean;
  /** Where webhooks wait for their delivery; empty where there are none. */
  readonly webhookQueueUrl: string;
  /** Whom outcomes are told whose requests name nobody; empty where that is nobody. */
  readonly webhookDefaultUrl: string;
  /** What is told by webhook. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** Where callbacks may lead. */
  readonly callbacks: Callbacks;
  /** The ports callbacks may go to. */
  readonly callbackPorts: readonly number[];
  /** Whether to tell figures, a log line a batch. */
  readonly metrics: boolean;
  /** The event bus that is told of failures; empty where none is. */
  readonly eventBusArn: string;
  /** Whether X-Ray traces it. */
  readonly tracing: boolean;
}

/** What the HTTP API's function is told by its deployment. */
export interface ApiEnvironment {
  /** Names the service in logs. */
  readonly serviceName: string;
  readonly inputQueueUrl: string;
  /** The bucket clients upload to, and fetch results from. */
  readonly payloadBucket: string;
  /** The table of request records. */
  readonly requestTable: string;
  readonly uploadPrefix: string;
  readonly payloadPrefix: string;
  /** Who may call. */
  readonly auth: ApiAuthName;
  /** The claim of a caller's token that names its tenant; empty where callers have none. */
  readonly tenantClaim: string;
  /** How many requests the service handles at a time when the first come. */
  readonly firstSlots: number;
  /** How many it handles at a time a minute later, while there is enough to do. */
  readonly reachableSlots: number;
  /** The processor's timeout. */
  readonly timeoutSeconds: number;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly recordAgeDays: number;
  /** The processor's: deeper JSON travels as bytes. */
  readonly maxJsonDepth: number;
  readonly resultAgeDays: number;
  readonly maxWaitSeconds: number;
  readonly tenantSharePercent: number;
  /** Whether X-Ray traces it. */
  readonly tracing: boolean;
  /** Where webhooks wait for their delivery; empty where there are none. */
  readonly webhookQueueUrl: string;
  /** Whom outcomes are told whose requests name nobody; empty where that is nobody. */
  readonly webhookDefaultUrl: string;
  /** What is told by webhook. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** Where callbacks may lead. */
  readonly callbacks: Callbacks;
  /** The ports callbacks may go to. */
  readonly callbackPorts: readonly number[];
}

/** What the function that delivers webhooks is told by its deployment. */
export interface WebhookEnvironment {
  /** Names the service in logs. */
  readonly serviceName: string;
  readonly webhookQueueUrl: string;
  /** The same queue, as a scheduler knows it. */
  readonly webhookQueueArn: string;
  /** Where webhooks go that are given up. */
  readonly webhookDeadLetterQueueUrl: string;
  /** The same queue, as a scheduler knows it. */
  readonly webhookDeadLetterQueueArn: string;
  /** The secrets deliveries are signed with. */
  readonly webhookSecret: string;
  /** Where later attempts are scheduled. */
  readonly scheduleGroup: string;
  /** Whom the scheduler is to be while it sends to the queue. */
  readonly scheduleRole: string;
  /** The table of request records. */
  readonly requestTable: string;
  readonly callbacks: Callbacks;
  readonly callbackPorts: readonly number[];
}

/** What the function that pauses processing is told by its deployment. */
export interface BreakerEnvironment {
  /** Names the service in logs and figures. */
  readonly serviceName: string;
  /** Its own queue. */
  readonly pauseQueueUrl: string;
  /** The name Lambda has for what gives the processor its messages. */
  readonly inputEventSource: string;
  /** Whether to tell figures. */
  readonly metrics: boolean;
}

/** The environment variables that carry text. */
export const TEXT_VARIABLES = {
  serviceName: 'COATCHECK_SERVICE_NAME',
  inputQueueUrl: 'COATCHECK_INPUT_QUEUE_URL',
  outputQueueUrl: 'COATCHECK_OUTPUT_QUEUE_URL',
  deadLetterQueueUrl: 'COATCHECK_DEAD_LETTER_QUEUE_URL',
  payloadBucket: 'COATCHECK_PAYLOAD_BUCKET',
  requestTable: 'COATCHECK_REQUEST_TABLE',
  uploadPrefix: 'COATCHECK_UPLOAD_PREFIX',
  payloadPrefix: 'COATCHECK_PAYLOAD_PREFIX',
  resultPrefix: 'COATCHECK_RESULT_PREFIX',
  disposablePrefix: 'COATCHECK_DISPOSABLE_PREFIX',
  webhookQueueUrl: 'COATCHECK_WEBHOOK_QUEUE_URL',
  webhookQueueArn: 'COATCHECK_WEBHOOK_QUEUE_ARN',
  pauseQueueUrl: 'COATCHECK_PAUSE_QUEUE_URL',
  inputEventSource: 'COATCHECK_INPUT_EVENT_SOURCE',
  webhookDeadLetterQueueUrl: 'COATCHECK_WEBHOOK_DEAD_LETTER_QUEUE_URL',
  webhookDeadLetterQueueArn: 'COATCHECK_WEBHOOK_DEAD_LETTER_QUEUE_ARN',
  webhookSecret: 'COATCHECK_WEBHOOK_SECRET',
  scheduleGroup: 'COATCHECK_SCHEDULE_GROUP',
  scheduleRole: 'COATCHECK_SCHEDULE_ROLE',
} as const;

const METRICS_VARIABLE = 'COATCHECK_METRICS';

/** A processor's environment as variables, for a deployment to set. */
export function writeEnvironment(environment: ProcessorEnvironment): Record<string, string> {
  return writeVariables(processorVariables(), environment);
}

/**
 * Reads back what {@link writeEnvironment} wrote.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readEnvironment(variables: Variables): ProcessorEnvironment {
  return readVariables(processorVariables(), variables, "The processor's environment");
}

/** The HTTP API's environment as variables, for a deployment to set. */
export function writeApiEnvironment(environment: ApiEnvironment): Record<string, string> {
  return writeVariables(apiVariables(), environment);
}

/**
 * Reads back what {@link writeApiEnvironment} wrote.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readApiEnvironment(variables: Variables): ApiEnvironment {
  return readVariables(apiVariables(), variables, "The HTTP API's environment");
}

/** The webhook function's environment as variables, for a deployment to set. */
export function writeWebhookEnvironment(environment: WebhookEnvironment): Record<string, string> {
  return writeVariables(webhookVariables(), environment);
}

/**
 * Reads back what {@link writeWebhookEnvironment} wrote.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readWebhookEnvironment(variables: Variables): WebhookEnvironment {
  return readVariables(webhookVariables(), variables, "The webhook function's environment");
}

/** The breaker function's environment as variables, for a deployment to set. */
export function writeBreakerEnvironment(environment: BreakerEnvironment): Record<string, string> {
  return writeVariables(breakerVariables(), environment);
}

/**
 * Reads back what {@link writeBreakerEnvironment} wrote.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readBreakerEnvironment(variables: Variables): BreakerEnvironment {
  return readVariables(breakerVariables(), variables, "The breaker function's environment");
}

// Functions, so that a bundler drops them where nobody calls them.
function processorVariables(): VariablesOf<ProcessorEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    outputQueueUrl: text(TEXT_VARIABLES.outputQueueUrl),
    outputMaxMessageBytes: optionalCount('COATCHECK_OUTPUT_MAX_MESSAGE_BYTES', 'bytes'),
    deadLetterQueueUrl: text(TEXT_VARIABLES.deadLetterQueueUrl),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    requestTable: text(TEXT_VARIABLES.requestTable),
    resultPrefix: text(TEXT_VARIABLES.resultPrefix),
    disposablePrefix: text(TEXT_VARIABLES.disposablePrefix),
    claimCheckSources: list('COATCHECK_CLAIM_CHECK_SOURCES'),
    outputFormat: choice('COATCHECK_OUTPUT_FORMAT', OUTPUT_FORMATS),
    concurrency: setting('concurrency'),
    visibilityTimeoutSeconds: setting('visibilityTimeoutSeconds'),
    inputRetentionSeconds: setting('inputRetentionSeconds'),
    maxAttempts: setting('maxAttempts'),
    retryBaseSeconds: setting('retryBaseSeconds'),
    retryCapSeconds: setting('retryCapSeconds'),
    inlineLimitBytes: setting('inlineLimitBytes'),
    maxPayloadBytes: setting('maxPayloadBytes'),
    maxBufferedBytes: setting('maxBufferedBytes'),
    maxJsonDepth: setting('maxJsonDepth'),
    recordAgeDays: setting('recordAgeDays'),
    pauseQueueUrl: optionalText(TEXT_VARIABLES.pauseQueueUrl),
    pauseSeconds: setting('pauseSeconds'),
    failureRatePercent: optionalSetting('failureRatePercent'),
    measureLoad: flag('COATCHECK_MEASURE_LOAD'),
    ...tellingVariables(),
    metrics: flag(METRICS_VARIABLE),
    eventBusArn: optionalText('COATCHECK_EVENT_BUS_ARN'),
    tracing: tracingVariable(),
  };
}

function apiVariables(): VariablesOf<ApiEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    requestTable: text(TEXT_VARIABLES.requestTable),
    uploadPrefix: text(TEXT_VARIABLES.uploadPrefix),
    payloadPrefix: text(TEXT_VARIABLES.payloadPrefix),
    auth: choice('COATCHECK_API_AUTH', API_AUTHS),
    tenantClaim: optionalText('COATCHECK_TENANT_CLAIM'),
    firstSlots: count('COATCHECK_FIRST_SLOTS', 'requests'),
    reachableSlots: count('COATCHECK_REACHABLE_SLOTS', 'requests'),
    timeoutSeconds: setting('timeoutSeconds'),
    inlineLimitBytes: setting('inlineLimitBytes'),
    maxPayloadBytes: setting('maxPayloadBytes'),
    recordAgeDays: setting('recordAgeDays'),
    maxJsonDepth: setting('maxJsonDepth'),
    resultAgeDays: setting('resultAgeDays'),
    maxWaitSeconds: setting('maxWaitSeconds'),
    tenantSharePercent: setting('tenantSharePercent'),
    tracing: tracingVariable(),
    ...tellingVariables(),
  };
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
    ...callbackVariables(),
  };
}

function tellingVariables() {
  return {
    webhookQueueUrl: optionalText(TEXT_VARIABLES.webhookQueueUrl),
    webhookDefaultUrl: optionalText('COATCHECK_WEBHOOK_DEFAULT_URL'),
    webhookEvents: choices('COATCHECK_WEBHOOK_EVENTS', WEBHOOK_EVENTS),
    ...callbackVariables(),
  };
}

function breakerVariables(): VariablesOf<BreakerEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    pauseQueueUrl: text(TEXT_VARIABLES.pauseQueueUrl),
    inputEventSource: text(TEXT_VARIABLES.inputEventSource),
    metrics: flag(METRICS_VARIABLE),
  };
}

function tracingVariable() {
  return flag('COATCHECK_TRACING');
}

function callbackVariables() {
  return {
    callbacks: choice('COATCHECK_CALLBACKS', CALLBACKS),
    callbackPorts: counts('COATCHECK_CALLBACK_PORTS', 'a port'),
  };
}
