import { ALARM_HASH_LENGTH } from './alarm-hash.ts';
import { type OtherLaneUrls, otherLaneVariables } from './lane-urls.ts';
import type { Limit } from './limits.ts';
import { limitsVariable } from './limits-variable.ts';
import type { ProcessorQueue } from './processor-queues.ts';
import {
  API_AUTHS,
  type ApiAuthName,
  type Callbacks,
  DEFAULT_UPLOAD_PREFIX,
  type TraceTarget,
  type WebhookEvent,
} from './settings.ts';
import { type SubmittingEnvironment, submittingVariables } from './submitting-environment.ts';
import { MIN_VERSION_VARIABLE, TEXT_VARIABLES, tracingVariable, webhookVariables } from './variable-names.ts';
import {
  choice,
  count,
  defaultedSetting,
  flag,
  listOfEqual,
  optionalText,
  pairs,
  readVariables,
  text,
  type Variable,
  type Variables,
  type VariablesOf,
  withDefault,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function of the HTTP API. */
export interface ApiEnvironment
  extends SubmittingEnvironment,
    OtherLaneUrls,
    Omit<ProcessorQueue, 'inputQueueName' | 'loadName'> {
  /** Names the service in logs. */
  readonly serviceName: string;
  readonly uploadPrefix: string;
  /** How callers are authenticated. */
  readonly auth: ApiAuthName;
  /** The claim of a caller's token that names the tenant; empty if callers have no tenants. */
  readonly tenantClaim: string;
  /** The claim of a token that names operators; empty if no token does. */
  readonly operatorClaim: string;
  /** What that claim of an operator contains. */
  readonly operatorValue: string;
  readonly resultAgeDays: number;
  /** The limits of the processor, which the API shows and changes. It applies the caps of waiting requests. */
  readonly limits: readonly Limit[];
  readonly maxWaitSeconds: number;
  readonly tenantSharePercent: number;
  /** The destination of spans. */
  readonly tracing: TraceTarget;
  /** Empty if webhooks are off. */
  readonly webhookQueueUrl: string;
  /** The receiver of requests without a callback URL; empty if there is none. */
  readonly webhookDefaultUrl: string;
  /** The events that webhooks report. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** The Secrets Manager secret from which the secrets of webhook endpoints are derived; empty if there are none. */
  readonly webhookSecret: string;
  /** The Secrets Manager secret with the keys of receipts; empty if there are no receipts. */
  readonly receiptSecret: string;
  /** The group for the schedules of requests; empty if none are scheduled. */
  readonly scheduleGroup: string;
  /** The role that EventBridge Scheduler assumes to send to input queues. */
  readonly scheduleRole: string;
  /** The queue for messages that EventBridge Scheduler couldn't send. */
  readonly scheduleDeadLetterQueueArn: string;
  /** The function that submits the requests of recurring schedules; empty if there are none. */
  readonly scheduleFunctionArn: string;
  /** The group for the timers of batches. */
  readonly batchGroup: string;
  /** The role that EventBridge Scheduler assumes when a timer of a batch fires. */
  readonly batchRole: string;
  /** The function that counts the requests of batches and ends them; empty if there are no batches. */
  readonly batchFunctionArn: string;
  /** The queue of dead letters, for actions. */
  readonly deadLetterQueueUrl: string;
  /** The group for the timers of actions. */
  readonly actionGroup: string;
  /** The role that EventBridge Scheduler assumes when a timer of an action fires. */
  readonly actionRole: string;
  /** The function that does the steps of actions; empty if there are none. */
  readonly actionFunctionArn: string;
  /** The function of the processor, or its alias, which rehearses dead letters; empty if the processor isn't on Lambda. */
  readonly rehearsalFunctionArn: string;
  /** Whether the metrics of the service are read for its activity. */
  readonly activity: boolean;
  /** The queue of the function that pauses processing; empty if nothing can. */
  readonly pauseQueueUrl: string;
  /** The numeric settings of the deployment that differ from their defaults, for operators. */
  readonly givenNumbers: Readonly<Record<string, number>>;
  /** The beginning of the names of the alarms of the service. Others may begin with it too. */
  readonly alarmPrefix: string;
  /** The {@link alarmHash} of each of its alarms. */
  readonly alarmHashes: readonly string[];
  /** How long a request can wait in the input queue. */
  readonly inputRetentionSeconds: number;
  /** How long payloads are kept. */
  readonly uploadAgeDays: number;
  /** The addresses that callback URLs may lead to. */
  readonly callbacks: Callbacks;
  /** The ports that callback URLs may name. */
  readonly callbackPorts: readonly number[];
}

/** Numbers by names: `name=1 name=2`. */
function numbersByName(name: string): Variable<Readonly<Record<string, number>>> {
  const texts = pairs(name);
  return {
    name,
    write: (numbers) =>
      texts.write(Object.fromEntries(Object.entries(numbers).map(([key, number]) => [key, String(number)]))),
    read: (given, problems) =>
      Object.fromEntries(
        Object.entries(texts.read(given, problems)).map(([key, value]) => [key, Number(value)]),
      ),
  };
}

/** The HTTP API's environment as variables, for a deployment to set. */
export function writeApiEnvironment(environment: ApiEnvironment): Record<string, string> {
  return writeVariables(apiVariables(), environment);
}

/**
 * Reads back what {@link writeApiEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readApiEnvironment(variables: Variables): ApiEnvironment {
  return readVariables(apiVariables(), variables, "The HTTP API's environment");
}

function apiVariables(): VariablesOf<ApiEnvironment> {
  return {
    ...submittingVariables(),
    serviceName: text(TEXT_VARIABLES.serviceName),
    ...otherLaneVariables(),
    limits: limitsVariable(),
    uploadPrefix: withDefault(text(TEXT_VARIABLES.uploadPrefix), DEFAULT_UPLOAD_PREFIX),
    auth: choice('COATCHECK_API_AUTH', API_AUTHS),
    tenantClaim: optionalText('COATCHECK_TENANT_CLAIM'),
    operatorClaim: optionalText('COATCHECK_OPERATOR_CLAIM'),
    operatorValue: optionalText('COATCHECK_OPERATOR_VALUE'),
    firstSlots: count('COATCHECK_FIRST_SLOTS', 'requests'),
    reachableSlots: count('COATCHECK_REACHABLE_SLOTS', 'requests'),
    timeoutSeconds: defaultedSetting('timeoutSeconds'),
    resultAgeDays: defaultedSetting('resultAgeDays'),
    maxWaitSeconds: defaultedSetting('maxWaitSeconds'),
    tenantSharePercent: defaultedSetting('tenantSharePercent'),
    acceptsMinVersion: withDefault(flag(MIN_VERSION_VARIABLE), false),
    tracing: withDefault(tracingVariable(), 'off'),
    ...webhookVariables(),
    webhookSecret: optionalText(TEXT_VARIABLES.webhookSecret),
    receiptSecret: optionalText(TEXT_VARIABLES.receiptSecret),
    scheduleGroup: optionalText(TEXT_VARIABLES.scheduleGroup),
    scheduleRole: optionalText(TEXT_VARIABLES.scheduleRole),
    scheduleDeadLetterQueueArn: optionalText('COATCHECK_SCHEDULE_DEAD_LETTER_QUEUE_ARN'),
    scheduleFunctionArn: optionalText('COATCHECK_SCHEDULE_FUNCTION_ARN'),
    batchGroup: optionalText('COATCHECK_BATCH_GROUP'),
    batchRole: optionalText('COATCHECK_BATCH_ROLE'),
    batchFunctionArn: optionalText('COATCHECK_BATCH_FUNCTION_ARN'),
    deadLetterQueueUrl: optionalText(TEXT_VARIABLES.deadLetterQueueUrl),
    actionGroup: optionalText('COATCHECK_ACTION_GROUP'),
    actionRole: optionalText('COATCHECK_ACTION_ROLE'),
    actionFunctionArn: optionalText('COATCHECK_ACTION_FUNCTION_ARN'),
    rehearsalFunctionArn: optionalText(TEXT_VARIABLES.rehearsalFunctionArn),
    activity: flag('COATCHECK_ACTIVITY'),
    pauseQueueUrl: optionalText(TEXT_VARIABLES.pauseQueueUrl),
    givenNumbers: numbersByName('COATCHECK_GIVEN_NUMBERS'),
    alarmPrefix: text('COATCHECK_ALARM_PREFIX'),
    alarmHashes: listOfEqual('COATCHECK_ALARM_HASHES', ALARM_HASH_LENGTH),
    inputRetentionSeconds: defaultedSetting('inputRetentionSeconds'),
    uploadAgeDays: defaultedSetting('uploadAgeDays'),
  };
}
