import { ConfigurationError } from './errors.ts';
import {
  NUMBER_SETTINGS,
  type NumberSettingName,
  numberProblem,
  numberSetting,
  OUTPUT_FORMATS,
  type OutputFormat,
} from './settings.ts';

/** What a processor is told by its deployment. */
export interface ProcessorEnvironment {
  /** Names the service in logs and as the `source` of its events. */
  readonly serviceName: string;
  readonly inputQueueUrl: string;
  readonly outputQueueUrl: string;
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
  readonly retryBaseSeconds: number;
  readonly retryCapSeconds: number;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxJsonDepth: number;
  readonly recordAgeDays: number;
}

/** The environment variables that carry text. */
export const TEXT_VARIABLES = {
  serviceName: 'COATCHECK_SERVICE_NAME',
  inputQueueUrl: 'COATCHECK_INPUT_QUEUE_URL',
  outputQueueUrl: 'COATCHECK_OUTPUT_QUEUE_URL',
  payloadBucket: 'COATCHECK_PAYLOAD_BUCKET',
  requestTable: 'COATCHECK_REQUEST_TABLE',
  resultPrefix: 'COATCHECK_RESULT_PREFIX',
  disposablePrefix: 'COATCHECK_DISPOSABLE_PREFIX',
} as const;

/** A space-separated list: neither bucket names nor the prefixes we accept hold a space. */
export const CLAIM_CHECK_SOURCES_VARIABLE = 'COATCHECK_CLAIM_CHECK_SOURCES';

/** One of {@link OUTPUT_FORMATS}. */
export const OUTPUT_FORMAT_VARIABLE = 'COATCHECK_OUTPUT_FORMAT';

type NumberVariable = Extract<NumberSettingName, keyof ProcessorEnvironment>;

const NUMBER_VARIABLES = (Object.keys(NUMBER_SETTINGS) as NumberSettingName[]).filter(
  (name): name is NumberVariable => numberSetting(name).variable !== undefined,
);

/** The environment as variables, for a deployment to set. */
export function writeEnvironment(environment: ProcessorEnvironment): Record<string, string> {
  const variables: Record<string, string> = {
    [CLAIM_CHECK_SOURCES_VARIABLE]: environment.claimCheckSources.join(' '),
    [OUTPUT_FORMAT_VARIABLE]: environment.outputFormat,
  };
  for (const [name, variable] of Object.entries(TEXT_VARIABLES)) {
    variables[variable] = environment[name as keyof typeof TEXT_VARIABLES];
  }
  for (const name of NUMBER_VARIABLES) variables[variableOf(name)] = String(environment[name]);
  return variables;
}

/**
 * Reads back what {@link writeEnvironment} wrote.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): ProcessorEnvironment {
  const problems: string[] = [];
  const text = (variable: string): string => {
    const value = variables[variable] ?? '';
    if (value.trim() === '') problems.push(`${variable} must be set, got nothing`);
    return value;
  };
  const number = (name: NumberVariable): number => {
    const variable = variableOf(name);
    const given = variables[variable];
    const value = given === undefined || given.trim() === '' ? Number.NaN : Number(given);
    const problem =
      given === undefined
        ? `${variable} must be set, got nothing`
        : numberProblem(name, Number.isNaN(value) ? given : value, variable);
    if (problem) problems.push(problem);
    return value;
  };
  const format = text(OUTPUT_FORMAT_VARIABLE);
  const outputFormat = OUTPUT_FORMATS.find((known) => known === format);
  if (format.trim() !== '' && !outputFormat) {
    problems.push(`${OUTPUT_FORMAT_VARIABLE} must be one of ${OUTPUT_FORMATS.join(', ')}, got ${format}`);
  }
  const environment = {
    serviceName: text(TEXT_VARIABLES.serviceName),
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    outputQueueUrl: text(TEXT_VARIABLES.outputQueueUrl),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    requestTable: text(TEXT_VARIABLES.requestTable),
    resultPrefix: text(TEXT_VARIABLES.resultPrefix),
    disposablePrefix: text(TEXT_VARIABLES.disposablePrefix),
    claimCheckSources: text(CLAIM_CHECK_SOURCES_VARIABLE).split(' ').filter(Boolean),
    concurrency: number('concurrency'),
    visibilityTimeoutSeconds: number('visibilityTimeoutSeconds'),
    inputRetentionSeconds: number('inputRetentionSeconds'),
    retryBaseSeconds: number('retryBaseSeconds'),
    retryCapSeconds: number('retryCapSeconds'),
    inlineLimitBytes: number('inlineLimitBytes'),
    maxPayloadBytes: number('maxPayloadBytes'),
    maxBufferedBytes: number('maxBufferedBytes'),
    maxJsonDepth: number('maxJsonDepth'),
    recordAgeDays: number('recordAgeDays'),
  };
  if (problems.length > 0 || !outputFormat) {
    throw new ConfigurationError(`The processor's environment is not usable: ${problems.join('; ')}`);
  }
  return { ...environment, outputFormat };
}

function variableOf(name: NumberVariable): string {
  return NUMBER_SETTINGS[name].variable;
}
