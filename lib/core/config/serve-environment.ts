import { ConfigurationError } from '../base/errors.ts';
import {
  type EngineNumbers,
  engineVariables,
  type WebhookSettings,
  webhookSettingVariables,
} from './engine-variables.ts';
import type { Limit } from './limits.ts';
import { limitsVariable } from './limits-variable.ts';
import { receiptKeyProblem } from './receipts.ts';
import { recordMetadataVariable } from './record-metadata.ts';
import { NO_OUTPUT_URL, NUMBER_SETTINGS, type Order, type TraceTarget } from './settings.ts';
import {
  TEXT_VARIABLES,
  tracingVariable,
  versionVariable,
  webhookEndpointsVariable,
} from './variable-names.ts';
import {
  choice,
  defaultedSetting,
  list,
  MAX_PORT,
  optionalSetting,
  optionalText,
  readVariables,
  text,
  type Variables,
  type VariablesOf,
  withDefault,
} from './variables.ts';
import {
  DATA_FOLDER,
  orderVariable,
  processNumber,
  WORKER_NUMBERS,
  type WorkerNumber,
} from './worker-environment.ts';

/** The variable with the folder for everything that is stored. */
export const DATA_VARIABLE = 'COATCHECK_DATA';

/** The variable with the private keys of receipts. */
const RECEIPT_KEY_VARIABLE = 'COATCHECK_RECEIPT_KEY';

/** Where outcomes go, beside the records: the service has one queue for them. */
const OUTPUTS = ['queue', NO_OUTPUT_URL] as const;

/** Whether the port of the API has a console, and what it allows. */
export const CONSOLE_MODES = ['off', 'read-only', 'actions'] as const;

/** What `coatcheck serve` needs to know. */
export interface ServeEnvironment extends EngineNumbers, WebhookSettings {
  /** Names the service in logs and as the `source` of its outcomes. */
  readonly serviceName: string;
  /** Identifies the code that handles requests; undefined if nothing names it. */
  readonly handlerVersion: string | undefined;
  /** The address to listen at. */
  readonly host: string;
  /** The API's; 0 for any free one. */
  readonly port: number;
  /** The URL that clients reach the API by, without /v1; empty if it is that of host and port. */
  readonly url: string;
  /** The folder for everything that is stored. */
  readonly dataFolder: string;
  /** Keys of callers. If there are none of operators either, the API asks for no credentials. */
  readonly apiKeys: readonly string[];
  /** Keys of operators. */
  readonly operatorKeys: readonly string[];
  /** Whether operators have a console, and may change anything in it. */
  readonly console: (typeof CONSOLE_MODES)[number];
  /** Private keys of receipts in base64: the first one signs. Empty if there are no receipts. */
  readonly receiptKeys: readonly string[];
  /** Most requests handled, or held by takers, at a time; undefined for the default. */
  readonly concurrency: number | undefined;
  /** Whether outcomes are queued for consumers. */
  readonly output: (typeof OUTPUTS)[number];
  /** Whether requests of one ordering key run one after another. */
  readonly order: Order;
  /** How long payloads and results are kept. */
  readonly resultAgeDays: number;
  /** Limits of the requests that share a key. */
  readonly limits: readonly Limit[];
  /** The keys of metadata that records keep. */
  readonly recordMetadata: readonly string[];
  readonly graceSeconds: number;
  /** The port of `/health`, `/ready` and `/metrics`; 0 for any free one. */
  readonly statusPort: number;
  readonly tracing: TraceTarget;
  /** Whether there are webhook endpoints. */
  readonly webhookEndpoints: boolean;
}

/** The numbers that only a service of `coatcheck serve` has. */
export const SERVE_NUMBERS = {
  port: {
    variable: 'COATCHECK_PORT',
    meaning: 'The port of the HTTP API. 0 chooses a free one, which the log names.',
    unit: '',
    min: 0,
    max: MAX_PORT,
    default: 4570,
  },
} as const satisfies Record<string, WorkerNumber>;

/** Only this machine reaches it. */
const DEFAULT_HOST = '127.0.0.1';

/** Fewest characters of an API key: 128 random bits in hexadecimal. */
const KEY_MIN_LENGTH = 32;

/**
 * Reads the environment of `coatcheck serve`.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came; for
 *   API keys that are easy to guess, without quoting them
 */
export function readServeEnvironment(variables: Variables): ServeEnvironment {
  const environment = readVariables(serveVariables(), variables, "The service's environment");
  assertKeys('COATCHECK_API_KEYS', environment.apiKeys);
  assertKeys('COATCHECK_OPERATOR_KEYS', environment.operatorKeys);
  assertUrl(environment.url);
  assertReceiptKeys(environment.receiptKeys);
  return environment;
}

/** The names of all variables that `coatcheck serve` reads. */
export function serveVariableNames(): readonly string[] {
  return Object.values<{ readonly name: string }>(serveVariables()).map(({ name }) => name);
}

function assertKeys(name: string, keys: readonly string[]): void {
  // No token of Authorization: Bearer has a comma: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
  if (keys.some((key) => key.includes(','))) {
    throw new ConfigurationError(
      `${name} must be keys without commas, separated by spaces, got one with a comma`,
    );
  }
  const weak = keys.find((key) => key.length < KEY_MIN_LENGTH || !/^[\x21-\x7e]+$/.test(key));
  if (weak === undefined) return;
  throw new ConfigurationError(
    `${name} must be keys of at least ${KEY_MIN_LENGTH} printable ASCII characters, separated by spaces; one has ${weak.length}. Make one with openssl rand -hex 32`,
  );
}

/** @throws ConfigurationError that doesn't quote them */
function assertReceiptKeys(keys: readonly string[]): void {
  const problem = keys.map(receiptKeyProblem).find((each) => each !== undefined);
  if (problem !== undefined) throw new ConfigurationError(`${RECEIPT_KEY_VARIABLE} ${problem}`);
}

function assertUrl(url: string): void {
  const parsed = URL.parse(url);
  if (url === '' || (parsed && /^https?:$/.test(parsed.protocol) && !parsed.search && !parsed.hash)) return;
  throw new ConfigurationError(`COATCHECK_URL must be an http or https URL without a query, got ${url}`);
}

/** How each setting is read. */
export function serveVariables(): VariablesOf<ServeEnvironment> {
  return {
    serviceName: withDefault(text(TEXT_VARIABLES.serviceName), 'coatcheck'),
    handlerVersion: versionVariable(),
    host: withDefault(text('COATCHECK_HOST'), DEFAULT_HOST),
    port: processNumber(SERVE_NUMBERS.port),
    url: optionalText('COATCHECK_URL'),
    dataFolder: withDefault(text(DATA_VARIABLE), DATA_FOLDER),
    apiKeys: withDefault(list('COATCHECK_API_KEYS'), []),
    operatorKeys: withDefault(list('COATCHECK_OPERATOR_KEYS'), []),
    console: withDefault(choice('COATCHECK_CONSOLE', CONSOLE_MODES), 'off'),
    receiptKeys: withDefault(list(RECEIPT_KEY_VARIABLE), []),
    concurrency: optionalSetting('concurrency'),
    output: withDefault(choice('COATCHECK_OUTPUT', OUTPUTS), 'queue'),
    order: orderVariable(),
    graceSeconds: processNumber(WORKER_NUMBERS.graceSeconds),
    statusPort: processNumber(WORKER_NUMBERS.statusPort),
    resultAgeDays: defaultedSetting('resultAgeDays'),
    ...engineVariables(),
    limits: limitsVariable(),
    recordMetadata: recordMetadataVariable(),
    tracing: withDefault(tracingVariable(), 'off'),
    ...webhookSettingVariables(),
    webhookEndpoints: withDefault(webhookEndpointsVariable(), false),
  };
}

/** Requests that takers hold cost the service nothing but memory. */
export const TAKERS_CONCURRENCY = NUMBER_SETTINGS.concurrency.max;
