import {
  API_AUTHS,
  type ApiAuthName,
  type Callbacks,
  type TraceTarget,
  type WebhookEvent,
} from './settings.ts';
import { TEXT_VARIABLES, tellingVariables, tracingVariable } from './variable-names.ts';
import {
  choice,
  count,
  optionalText,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

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
  /** Where its spans go. */
  readonly tracing: TraceTarget;
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
