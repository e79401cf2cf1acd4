import { ConfigurationError } from '../base/errors.ts';
import { hideLogin } from '../base/hide-login.ts';
import { quote } from '../base/quote.ts';
import { ENGINE_DEFAULTS, type EngineSettings } from './engine-settings.ts';
import { engineVariables, webhookSettingVariables } from './engine-variables.ts';
import { limitsVariable } from './limits-variable.ts';
import { recordMetadataVariable } from './record-metadata.ts';
import {
  NO_OUTPUT_URL,
  NUMBER_SETTINGS,
  ON_EXHAUSTED,
  type OnExhausted,
  ORDERS,
  type Order,
  OUTPUT_FORMATS,
  type TraceTarget,
} from './settings.ts';
import {
  TEXT_VARIABLES,
  tracingVariable,
  versionVariable,
  webhookEndpointsVariable,
} from './variable-names.ts';
import {
  choice,
  list,
  MAX_PORT,
  optionalText,
  readVariables,
  setting,
  text,
  type Variable,
  type Variables,
  type VariablesOf,
  whole,
  withDefault,
} from './variables.ts';

/** What a worker needs to know: the engine's settings, and where its queues and stores are, as URLs. */
export interface WorkerEnvironment extends Omit<EngineSettings, 'claimCheckSources' | 'topics'> {
  readonly inputUrl: string;
  /** The queues of requests of high and of low priority; empty where there are none. */
  readonly highInputUrl: string;
  readonly lowInputUrl: string;
  /** {@link NO_OUTPUT_URL} if there is no output queue. */
  readonly outputUrl: string;
  /** The queue for messages of requests that used up their attempts; empty if there is none. */
  readonly deadLettersUrl: string;
  /** The store of payloads and large results. */
  readonly payloadsUrl: string;
  /** The store of request records. */
  readonly recordsUrl: string;
  /** Whether requests of one ordering key run one after another. */
  readonly order: Order;
  /** Where else claim checks may point: `bucket` or `bucket/prefix`. The payload store is always allowed. */
  readonly claimCheckSources: readonly string[];
  /** How long payloads and results in a directory are kept. */
  readonly resultAgeDays: number;
  /**
   * What signs webhooks that this worker delivers: the current secret and, during a rotation, the previous one. None if it
   * delivers none.
   */
  readonly webhookSecrets: readonly string[];
  /** The webhook queue of a deployed service, whose function delivers; empty if there is none. */
  readonly webhookQueueUrl: string;
  /** Whether webhooks also go to the endpoints beside the records. */
  readonly webhookEndpoints: boolean;
  /** Most messages that wait in memory for a slot. */
  readonly prefetch: number;
  /** How long running requests may take to finish after SIGTERM, in seconds. */
  readonly graceSeconds: number;
  /** The port of `/health`, `/ready` and `/metrics`; 0 for any free one. */
  readonly statusPort: number;
  readonly tracing: TraceTarget;
}

/** The variable with what signs webhooks. */
export const WEBHOOK_SECRETS_VARIABLE = 'COATCHECK_WEBHOOK_SECRETS';

/** The variables of the queues of requests, by their priorities. */
export const INPUT_VARIABLES = {
  high: 'COATCHECK_INPUT_HIGH',
  normal: 'COATCHECK_INPUT',
  low: 'COATCHECK_INPUT_LOW',
} as const;

/** The variable that has a process keep the order of requests. */
export const ORDER_VARIABLE = 'COATCHECK_ORDER';

/** The beginning of the URL of a file. */
const SQLITE = 'sqlite:';

/** The folder for what a process stores on its own disk, below the current folder. */
export const DATA_FOLDER = '.coatcheck';

/**
 * How long a message of SQS stays hidden from other receivers unless a worker extends that, in seconds: the messages of a
 * killed worker come back after it.
 */
export const WORKER_VISIBILITY_SECONDS = 60;

/** A number that only a worker has. */
export interface WorkerNumber {
  readonly variable: string;
  /** What the number does, in a sentence or two. */
  readonly meaning: string;
  /** Empty if it has none. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** The numbers that only a worker has. */
export const WORKER_NUMBERS = {
  concurrency: {
    variable: NUMBER_SETTINGS.concurrency.variable,
    meaning: 'Maximum number of requests handled at a time.',
    unit: 'requests',
    min: 1,
    max: 10_000,
    default: ENGINE_DEFAULTS.concurrency,
  },
  prefetch: {
    variable: 'COATCHECK_PREFETCH',
    meaning: 'Maximum number of messages that wait in memory for a slot.',
    unit: 'messages',
    min: 0,
    max: 10_000,
    default: ENGINE_DEFAULTS.concurrency,
  },
  graceSeconds: {
    variable: 'COATCHECK_GRACE_SECONDS',
    meaning:
      'How long running requests may take to finish after SIGTERM. Most orchestrators kill a process after 30 seconds.',
    unit: 'seconds',
    min: 1,
    max: 86_400,
    default: 25,
  },
  statusPort: {
    variable: 'COATCHECK_STATUS_PORT',
    meaning: 'The port of `/health`, `/ready` and `/metrics`. 0 chooses a free one, which the log names.',
    unit: '',
    min: 0,
    max: MAX_PORT,
    default: 8080,
  },
} as const satisfies Record<string, WorkerNumber>;

/**
 * Reads a worker's environment.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readWorkerEnvironment(variables: Variables): WorkerEnvironment {
  const environment = readVariables(workerVariables(), variables, "The worker's environment");
  assertOrderFits(environment, variables);
  assertLanesFit(environment);
  assertNoLoop(environment);
  assertClaimCheckSources(environment);
  assertFormatFits(environment);
  assertWebhooksFit(environment, variables);
  return sendsWebhooks(environment) ? environment : { ...environment, callbacks: 'off' };
}

function assertOrderFits({ order }: WorkerEnvironment, variables: Variables): void {
  const { name } = onExhaustedVariable();
  const given = (variables[name] ?? '').trim();
  if (order === 'fifo' || given === '') return;
  throw new ConfigurationError(
    `${name} needs ${ORDER_VARIABLE}=fifo, got ${given} without it: no request waits for another`,
  );
}

/** The URLs of the queues of requests, by their priorities. Those that there are none of are empty. */
export function inputUrlsOf({
  inputUrl,
  highInputUrl,
  lowInputUrl,
}: Pick<WorkerEnvironment, 'inputUrl' | 'highInputUrl' | 'lowInputUrl'>): Record<
  keyof typeof INPUT_VARIABLES,
  string
> {
  return { high: highInputUrl, normal: inputUrl, low: lowInputUrl };
}

function assertLanesFit(environment: WorkerEnvironment): void {
  const urls = inputUrlsOf(environment);
  const lanes = (['high', 'low'] as const).filter((priority) => urls[priority] !== '');
  for (const priority of lanes) {
    const variable = INPUT_VARIABLES[priority];
    const shown = hideLogin(urls[priority]);
    if (environment.order === 'fifo') {
      throw new ConfigurationError(
        `${variable} can't be set with ${ORDER_VARIABLE}=fifo, got ${shown}: its requests would overtake others. Leave one of them out`,
      );
    }
    if (schemeOf(urls[priority]) !== schemeOf(urls.normal)) {
      throw new ConfigurationError(
        `${variable} must be a queue of the same kind as ${INPUT_VARIABLES.normal}, ${schemeOf(urls.normal)}:, got ${shown}`,
      );
    }
  }
  const queues = ['normal' as const, ...lanes];
  if (new Set(queues.map((priority) => urls[priority])).size === queues.length) return;
  throw new ConfigurationError(
    `${queues.map((priority) => INPUT_VARIABLES[priority]).join(', ')} must each be another queue, got ${queues.map((priority) => hideLogin(urls[priority])).join(', ')}`,
  );
}

/** Outcomes and dead letters in a queue of requests would be handled as requests, and so on without an end. */
function assertNoLoop(environment: WorkerEnvironment): void {
  const { outputUrl, deadLettersUrl } = environment;
  const urls = inputUrlsOf(environment);
  for (const [variable, url] of [
    ['COATCHECK_OUTPUT', outputUrl],
    ['COATCHECK_DEAD_LETTERS', deadLettersUrl],
  ] as const) {
    const same = (['high', 'normal', 'low'] as const).find(
      (priority) => url !== '' && urls[priority] === url,
    );
    if (same === undefined) continue;
    throw new ConfigurationError(
      `${variable} must be another queue than ${INPUT_VARIABLES[same]}, got ${hideLogin(url)} for both: what is sent there would be handled as requests`,
    );
  }
}

function assertClaimCheckSources({ claimCheckSources }: WorkerEnvironment): void {
  const malformed = claimCheckSources.find((source) => /[:,]/.test(source.split('/', 1)[0] ?? ''));
  if (malformed === undefined) return;
  throw new ConfigurationError(
    `COATCHECK_CLAIM_CHECK_SOURCES must be bucket or bucket/prefix, separated by spaces, such as "uploads archive/2026/", got ${quote(malformed)}`,
  );
}

function schemeOf(url: string): string {
  return url.split(':', 1)[0] ?? '';
}

function sendsWebhooks({ webhookSecrets, webhookQueueUrl }: WorkerEnvironment): boolean {
  return webhookSecrets.length > 0 || webhookQueueUrl !== '';
}

/** Webhooks wait in the file of the records, or go to the deployed service that has the table of the records. */
function assertWebhooksFit(environment: WorkerEnvironment, variables: Variables): void {
  const { webhookSecrets, webhookQueueUrl, recordsUrl } = environment;
  const isFile = recordsUrl.startsWith(SQLITE);
  if (webhookSecrets.length > 0 && !isFile) {
    throw new ConfigurationError(
      `${WEBHOOK_SECRETS_VARIABLE} needs COATCHECK_RECORDS in a SQLite file, where webhooks wait, got ${hideLogin(recordsUrl)}. With records in DynamoDB, set ${TEXT_VARIABLES.webhookQueueUrl} to the webhook queue of a deployed service, which delivers`,
    );
  }
  if (webhookQueueUrl !== '' && isFile) {
    throw new ConfigurationError(
      `${TEXT_VARIABLES.webhookQueueUrl} needs COATCHECK_RECORDS in the DynamoDB table of the deployed service that delivers, got ${hideLogin(recordsUrl)}. With records in SQLite, set ${WEBHOOK_SECRETS_VARIABLE}: the worker delivers by itself`,
    );
  }
  if (sendsWebhooks(environment)) return;
  const settings = [...Object.values(webhookSettingVariables()), webhookEndpointsVariable()];
  const useless = settings.map(({ name }) => name).filter((name) => (variables[name] ?? '').trim() !== '');
  if (useless.length === 0) return;
  throw new ConfigurationError(
    `${useless.join(', ')} can be set only for a worker that sends webhooks: set ${WEBHOOK_SECRETS_VARIABLE} with records in SQLite, or ${TEXT_VARIABLES.webhookQueueUrl} with records in DynamoDB`,
  );
}

/**
 * Schemes of queues for which CloudEvents, or the queue's maker, defines a binary mode.
 * @see https://github.com/cloudevents/spec/tree/main/cloudevents/bindings
 * @see https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md
 */
const BINARY_CLOUDEVENT_SCHEMES = ['amqp', 'amqps', 'kafka', 'kafkas', 'nats', 'pubsub', 'tls'];

function assertFormatFits({ outputFormat, outputUrl }: WorkerEnvironment): void {
  if (outputUrl === NO_OUTPUT_URL && outputFormat !== ENGINE_DEFAULTS.outputFormat) {
    throw new ConfigurationError(
      `COATCHECK_OUTPUT_FORMAT has no use without an output queue, got ${outputFormat}. Leave it out, or set COATCHECK_OUTPUT to a queue`,
    );
  }
  const [scheme = ''] = outputUrl.split(':', 1);
  const isStructured = outputFormat === 'cloudevents' || outputFormat === 'cloudevents-stream';
  if (isStructured && /(?:\{|%7B)id(?:\}|%7D)/i.test(outputUrl)) {
    throw new ConfigurationError(
      'COATCHECK_OUTPUT can have {id} only with a COATCHECK_OUTPUT_FORMAT whose headers have the id: raw, truefoundry or cloudevents-binary',
    );
  }
  if (outputFormat !== 'cloudevents-binary' || BINARY_CLOUDEVENT_SCHEMES.includes(scheme)) return;
  throw new ConfigurationError(
    `COATCHECK_OUTPUT_FORMAT can be cloudevents-binary only for outputs of ${BINARY_CLOUDEVENT_SCHEMES.join(', ')}, got COATCHECK_OUTPUT of ${scheme}: there is no binary mode for it. Use cloudevents`,
  );
}

/** The names of all variables that a worker reads, by what they set. */
export function workerVariableNames(): Record<keyof WorkerEnvironment, string> {
  const variables = Object.entries<{ readonly name: string }>(workerVariables());
  // Every value of the environment has a variable.
  return Object.fromEntries(variables.map(([what, { name }]) => [what, name])) as Record<
    keyof WorkerEnvironment,
    string
  >;
}

function workerVariables(): VariablesOf<WorkerEnvironment> {
  const own = ENGINE_DEFAULTS;
  return {
    serviceName: withDefault(text(TEXT_VARIABLES.serviceName), 'coatcheck'),
    handlerVersion: versionVariable(),
    inputUrl: text(INPUT_VARIABLES.normal),
    highInputUrl: optionalText(INPUT_VARIABLES.high),
    lowInputUrl: optionalText(INPUT_VARIABLES.low),
    outputUrl: text('COATCHECK_OUTPUT'),
    deadLettersUrl: optionalText('COATCHECK_DEAD_LETTERS'),
    payloadsUrl: withDefault(text('COATCHECK_PAYLOADS'), `file:${DATA_FOLDER}/payloads`),
    recordsUrl: withDefault(text('COATCHECK_RECORDS'), `sqlite:${DATA_FOLDER}/records.db`),
    claimCheckSources: withDefault(list('COATCHECK_CLAIM_CHECK_SOURCES'), []),
    resultPrefix: withDefault(text(TEXT_VARIABLES.resultPrefix), own.resultPrefix),
    consumerCopyPrefix: withDefault(text(TEXT_VARIABLES.consumerCopyPrefix), own.consumerCopyPrefix),
    outputFormat: withDefault(choice('COATCHECK_OUTPUT_FORMAT', OUTPUT_FORMATS), own.outputFormat),
    order: orderVariable(),
    onExhausted: onExhaustedVariable(),
    concurrency: processNumber(WORKER_NUMBERS.concurrency),
    prefetch: processNumber(WORKER_NUMBERS.prefetch),
    graceSeconds: processNumber(WORKER_NUMBERS.graceSeconds),
    statusPort: processNumber(WORKER_NUMBERS.statusPort),
    inputRetentionSeconds: withDefault(setting('inputRetentionSeconds'), own.inputRetentionSeconds),
    resultAgeDays: withDefault(setting('resultAgeDays'), NUMBER_SETTINGS.resultAgeDays.default),
    ...engineVariables(),
    limits: limitsVariable(),
    recordMetadata: recordMetadataVariable(),
    webhookSecrets: withDefault(list(WEBHOOK_SECRETS_VARIABLE), []),
    webhookQueueUrl: optionalText(TEXT_VARIABLES.webhookQueueUrl),
    webhookEndpoints: withDefault(webhookEndpointsVariable(), false),
    ...webhookSettingVariables(),
    tracing: withDefault(tracingVariable(), 'off'),
  };
}

/** Whether a process keeps the order of requests. */
export function orderVariable(): Variable<Order> {
  return withDefault(choice(ORDER_VARIABLE, ORDERS), 'none');
}

function onExhaustedVariable(): Variable<OnExhausted> {
  return withDefault(choice('COATCHECK_ON_EXHAUSTED', ON_EXHAUSTED), ENGINE_DEFAULTS.onExhausted);
}

/** A number, with its variable, its limits and its default. */
export function processNumber({
  variable,
  unit,
  min,
  max,
  default: byDefault,
}: WorkerNumber): Variable<number> {
  return withDefault(whole(variable, unit, min, max), byDefault);
}
