import { VERDICTS, type VerdictName } from './audit-verdicts.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import {
  choices,
  list,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  withDefault,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function that audits requests. */
export interface AuditEnvironment {
  /** Names the service in logs and metrics. */
  readonly serviceName: string;
  readonly requestTable: string;
  readonly payloadBucket: string;
  /** Where the bucket has objects of the service. */
  readonly auditedPrefixes: readonly string[];
  /** The queues of requests of all processors, whatever their priority. */
  readonly inputQueueUrls: readonly string[];
  /** The queues of their dead letters. */
  readonly deadLetterQueueUrls: readonly string[];
  readonly resultAgeDays: number;
  readonly recordAgeDays: number;
  /** What isn't looked for. */
  readonly exceptedVerdicts: readonly VerdictName[];
}

/** The names of all verdicts. Those of a table are its keys. */
const VERDICT_NAMES = Object.keys(VERDICTS) as VerdictName[];

/** The audit function's environment as variables, for a deployment to set. */
export function writeAuditEnvironment(environment: AuditEnvironment): Record<string, string> {
  return writeVariables(auditVariables(), environment);
}

/** The variables of the queues, which change with each processor that is added. */
export function writeAuditedQueues({
  inputQueueUrls,
  deadLetterQueueUrls,
}: Pick<AuditEnvironment, 'inputQueueUrls' | 'deadLetterQueueUrls'>): Record<string, string> {
  return writeVariables(queueVariables(), { inputQueueUrls, deadLetterQueueUrls });
}

/**
 * Reads back what {@link writeAuditEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readAuditEnvironment(variables: Variables): AuditEnvironment {
  return readVariables(auditVariables(), variables, "The audit function's environment");
}

function auditVariables(): VariablesOf<AuditEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    requestTable: text(TEXT_VARIABLES.requestTable),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    auditedPrefixes: list('COATCHECK_AUDITED_PREFIXES'),
    ...queueVariables(),
    resultAgeDays: setting('resultAgeDays'),
    recordAgeDays: setting('recordAgeDays'),
    exceptedVerdicts: withDefault(choices('COATCHECK_EXCEPTED_VERDICTS', VERDICT_NAMES), []),
  };
}

function queueVariables() {
  return {
    inputQueueUrls: list('COATCHECK_INPUT_QUEUE_URLS'),
    deadLetterQueueUrls: list('COATCHECK_DEAD_LETTER_QUEUE_URLS'),
  };
}
