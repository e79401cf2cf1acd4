import { ConfigurationError } from '../base/errors.ts';
import { hideLogin } from '../base/hide-login.ts';
import { DEFAULT_PAYLOAD_PREFIX, type Order } from './settings.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import {
  optionalText,
  readVariables,
  text,
  type Variables,
  type VariablesOf,
  withDefault,
} from './variables.ts';
import { ORDER_VARIABLE, orderVariable, processNumber, WORKER_NUMBERS } from './worker-environment.ts';

/** The variable with the database of an outbox. */
export const OUTBOX_VARIABLE = 'COATCHECK_OUTBOX';

/** The variables of the queues that an outbox is relayed to, by priority. */
export const OUTBOX_TO_VARIABLES = {
  high: 'COATCHECK_OUTBOX_TO_HIGH',
  normal: 'COATCHECK_OUTBOX_TO',
  low: 'COATCHECK_OUTBOX_TO_LOW',
} as const;

/** The default port of a relay's `/health`: another than that of `coatcheck serve`, which may be on the same machine. */
export const OUTBOX_STATUS_PORT = 8081;

/** Where an outbox is. */
export interface OutboxPlace {
  /** The URL of the database. */
  readonly outboxUrl: string;
  /** The name of the table, maybe with a schema. */
  readonly table: string;
}

/** What the relay of an outbox needs to know. */
export interface OutboxEnvironment extends OutboxPlace {
  /** Names the relay in logs and metrics. */
  readonly serviceName: string;
  /** A queue, or the HTTP API of a service. */
  readonly toUrl: string;
  /** The queues of requests of high and of low priority; empty where there are none. */
  readonly highToUrl: string;
  readonly lowToUrl: string;
  /** Whether the requests of an aggregate are relayed in order. */
  readonly order: Order;
  /** The store for messages that are too large for the queue; empty if there is none. */
  readonly payloadsUrl: string;
  readonly payloadPrefix: string;
  /** For the HTTP API; empty without one. */
  readonly token: string;
  /** The port of `/health`, `/ready` and `/metrics`; 0 for any free one. */
  readonly statusPort: number;
}

/** @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came */
export function readOutboxEnvironment(variables: Variables): OutboxEnvironment {
  const environment = readVariables(outboxVariables(), variables, "The relay's environment");
  const { order, highToUrl, lowToUrl } = environment;
  const lane = highToUrl || lowToUrl;
  if (order === 'fifo' && lane !== '') {
    throw new ConfigurationError(
      `${OUTBOX_TO_VARIABLES.high} and ${OUTBOX_TO_VARIABLES.low} can't be set with ${ORDER_VARIABLE}=fifo, got ${hideLogin(lane)}: requests of one aggregate would overtake each other. Leave one of them out`,
    );
  }
  return environment;
}

/** @throws ConfigurationError like {@link readOutboxEnvironment} */
export function readOutboxPlace(variables: Variables): OutboxPlace {
  return readVariables(placeVariables(), variables, 'The environment');
}

/** The names of all variables that the relay of an outbox reads. */
export function outboxVariableNames(): string[] {
  return Object.values<{ readonly name: string }>(outboxVariables()).map(({ name }) => name);
}

function placeVariables(): VariablesOf<OutboxPlace> {
  return {
    outboxUrl: text(OUTBOX_VARIABLE),
    table: withDefault(text('COATCHECK_OUTBOX_TABLE'), 'outbox'),
  };
}

function outboxVariables(): VariablesOf<OutboxEnvironment> {
  return {
    ...placeVariables(),
    serviceName: withDefault(text(TEXT_VARIABLES.serviceName), 'coatcheck'),
    toUrl: text(OUTBOX_TO_VARIABLES.normal),
    highToUrl: optionalText(OUTBOX_TO_VARIABLES.high),
    lowToUrl: optionalText(OUTBOX_TO_VARIABLES.low),
    order: orderVariable(),
    payloadsUrl: optionalText('COATCHECK_PAYLOADS'),
    payloadPrefix: withDefault(text('COATCHECK_PAYLOAD_PREFIX'), DEFAULT_PAYLOAD_PREFIX),
    token: optionalText('COATCHECK_TOKEN'),
    statusPort: processNumber({ ...WORKER_NUMBERS.statusPort, default: OUTBOX_STATUS_PORT }),
  };
}
