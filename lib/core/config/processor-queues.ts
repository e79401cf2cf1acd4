import { jsonValue } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import { type Variable, withDefault, writeVariables } from './variables.ts';

/** The queue of a processor, for the functions that send requests to several. */
export interface ProcessorQueue {
  /** The queue is in the account and the region of that of the processor in front. */
  readonly inputQueueName: string;
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** How many requests the service handles concurrently when the first ones arrive. */
  readonly firstSlots: number;
  /** How many it handles concurrently after a minute of sufficient load. */
  readonly reachableSlots: number;
  /** The processor's timeout. */
  readonly timeoutSeconds: number;
  /** Whether requests may ask for a version of the handler. */
  readonly acceptsMinVersion: boolean;
  /** Distinguishes its load from that of other processors with records in the same table; empty if there are none. */
  readonly loadName: string;
}

/**
 * Most services behind one front door. Lambda has room for 4 KiB of variables a function, and a queue takes about 150 bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_SERVICES_BEHIND = 8;

/** The variable that names the queues of the services behind a front door, for a deployment to set. */
export function writeOtherProcessors(otherProcessors: readonly ProcessorQueue[]): Record<string, string> {
  return writeVariables({ otherProcessors: otherProcessorsVariable() }, { otherProcessors });
}

/** The members of a queue in the order of the variable, which has no room for their names. Topics are separated by spaces, and 1 is true. */
const MEMBERS = [
  'inputQueueName',
  'topics',
  'firstSlots',
  'reachableSlots',
  'timeoutSeconds',
  'acceptsMinVersion',
  'loadName',
] as const satisfies readonly (keyof ProcessorQueue)[];

/** The queues of the services behind a front door, as JSON. */
export function otherProcessorsVariable(): Variable<readonly ProcessorQueue[]> {
  const name = 'COATCHECK_OTHER_PROCESSORS';
  const variable: Variable<readonly ProcessorQueue[]> = {
    name,
    write: (queues) => JSON.stringify(queues.map(valuesOf)),
    read: (given = '', problems) => {
      const value: unknown = jsonValue(given);
      const queues = Array.isArray(value) ? value.map(withNames) : [undefined];
      if (queues.every(isProcessorQueue)) return queues;
      problems.push(
        `${name} must be a JSON array with an array of ${MEMBERS.join(', ')} for each processor, got ${quote(given)}`,
      );
      return [];
    },
  };
  return withDefault(variable, []);
}

function valuesOf({ topics, acceptsMinVersion, ...queue }: ProcessorQueue): (string | number)[] {
  const short = { ...queue, topics: topics.join(' '), acceptsMinVersion: Number(acceptsMinVersion) };
  return MEMBERS.map((member) => short[member]);
}

function withNames(values: unknown): unknown {
  if (!Array.isArray(values)) return undefined;
  const short = Object.fromEntries(
    MEMBERS.map((member, index): [string, unknown] => [member, values[index]]),
  );
  const { topics, acceptsMinVersion } = short;
  return {
    ...short,
    topics: typeof topics === 'string' ? topics.split(' ') : undefined,
    acceptsMinVersion:
      acceptsMinVersion === 0 || acceptsMinVersion === 1 ? acceptsMinVersion === 1 : undefined,
  };
}

function isProcessorQueue(value: unknown): value is ProcessorQueue {
  if (!isObject(value)) return false;
  const { inputQueueName, topics, firstSlots, reachableSlots, timeoutSeconds, acceptsMinVersion, loadName } =
    value;
  return (
    [inputQueueName, loadName].every((text) => typeof text === 'string') &&
    [firstSlots, reachableSlots, timeoutSeconds].every((number) => typeof number === 'number') &&
    typeof acceptsMinVersion === 'boolean' &&
    Array.isArray(topics)
  );
}
