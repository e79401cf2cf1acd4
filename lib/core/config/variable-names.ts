import { versionProblem } from './handler-version.ts';
import {
  CALLBACKS,
  DEFAULT_CALLBACK_PORTS,
  DEFAULT_WEBHOOK_EVENTS,
  TRACE_TARGETS,
  WEBHOOK_EVENTS,
} from './settings.ts';
import { choice, choices, flag, optionalText, ports, type Variable, withDefault } from './variables.ts';

/** The environment variables that carry text. */
export const TEXT_VARIABLES = {
  serviceName: 'COATCHECK_SERVICE_NAME',
  inputQueueUrl: 'COATCHECK_INPUT_QUEUE_URL',
  highInputQueueUrl: 'COATCHECK_HIGH_INPUT_QUEUE_URL',
  lowInputQueueUrl: 'COATCHECK_LOW_INPUT_QUEUE_URL',
  outputQueueUrl: 'COATCHECK_OUTPUT_QUEUE_URL',
  deadLetterQueueUrl: 'COATCHECK_DEAD_LETTER_QUEUE_URL',
  payloadBucket: 'COATCHECK_PAYLOAD_BUCKET',
  requestTable: 'COATCHECK_REQUEST_TABLE',
  uploadPrefix: 'COATCHECK_UPLOAD_PREFIX',
  payloadPrefix: 'COATCHECK_PAYLOAD_PREFIX',
  resultPrefix: 'COATCHECK_RESULT_PREFIX',
  consumerCopyPrefix: 'COATCHECK_CONSUMER_COPY_PREFIX',
  webhookQueueUrl: 'COATCHECK_WEBHOOK_QUEUE_URL',
  webhookQueueArn: 'COATCHECK_WEBHOOK_QUEUE_ARN',
  pauseQueueUrl: 'COATCHECK_PAUSE_QUEUE_URL',
  inputEventSources: 'COATCHECK_INPUT_EVENT_SOURCE',
  webhookDeadLetterQueueUrl: 'COATCHECK_WEBHOOK_DEAD_LETTER_QUEUE_URL',
  webhookDeadLetterQueueArn: 'COATCHECK_WEBHOOK_DEAD_LETTER_QUEUE_ARN',
  webhookSecret: 'COATCHECK_WEBHOOK_SECRET',
  rehearsalFunctionArn: 'COATCHECK_REHEARSAL_FUNCTION_ARN',
  receiptSecret: 'COATCHECK_RECEIPT_SECRET',
  scheduleGroup: 'COATCHECK_SCHEDULE_GROUP',
  scheduleRole: 'COATCHECK_SCHEDULE_ROLE',
  eventBusArn: 'COATCHECK_EVENT_BUS_ARN',
  outboxTable: 'COATCHECK_OUTBOX_TABLE',
  outboxFailureQueueUrl: 'COATCHECK_OUTBOX_FAILURE_QUEUE_URL',
} as const;

/** Whether requests may ask for a version of the handler. */
export const MIN_VERSION_VARIABLE = 'COATCHECK_ACCEPT_MIN_VERSION';

export const METRICS_VARIABLE = 'COATCHECK_METRICS';

/** Whether the service has webhook endpoints. */
export function webhookEndpointsVariable() {
  return flag('COATCHECK_WEBHOOK_ENDPOINTS');
}

/** The variables of functions that enqueue webhooks. */
export function webhookVariables() {
  return {
    webhookQueueUrl: optionalText(TEXT_VARIABLES.webhookQueueUrl),
    webhookDefaultUrl: optionalText('COATCHECK_WEBHOOK_DEFAULT_URL'),
    webhookEvents: withDefault(choices('COATCHECK_WEBHOOK_EVENTS', WEBHOOK_EVENTS), DEFAULT_WEBHOOK_EVENTS),
    ...callbackVariables(),
  };
}

/** The variable that identifies the code of the handler. */
export const VERSION_VARIABLE = 'COATCHECK_VERSION';

/** The version of the handler; undefined if the variable is missing or empty. */
export function versionVariable(): Variable<string | undefined> {
  return {
    name: VERSION_VARIABLE,
    write: (version = '') => version,
    read: (given = '', problems) => {
      if (given === '') return undefined;
      const problem = versionProblem(VERSION_VARIABLE, given);
      if (problem) problems.push(problem);
      return given;
    },
  };
}

/** The variable that says where spans go. */
export function tracingVariable() {
  return choice('COATCHECK_TRACING', TRACE_TARGETS);
}

/** The rules for callback URLs. */
export function callbackVariables() {
  return {
    callbacks: choice('COATCHECK_CALLBACKS', CALLBACKS),
    callbackPorts: withDefault(ports('COATCHECK_CALLBACK_PORTS'), DEFAULT_CALLBACK_PORTS),
  };
}
