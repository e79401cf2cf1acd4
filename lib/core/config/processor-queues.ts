import { jsonValue } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import { type Variable, withDefault, writeVariables } from './variables.ts';

/** The queue of a processor, for the functions that send requests to several. */
export interface ProcessorQueue {
  readonly inputQueueUrl: string;
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
 * Most services behind one front door. Lambda has room for 4 KiB of variables a function, and a queue takes about 200 bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_SERVICES_BEHIND = 8;

/** The variable that names the queues of the services behind a front door, for a deployment to set. */
export function writeOtherProcessors(otherProcessors: readonly ProcessorQueue[]): Record<string, string> {
  return writeVariables({ otherProcessors: otherProcessorsVariable() }, { otherProcessors });
}

/** The members of a queue in the order of the variable, which has no room for their names. */
const MEMBERS = [
  'inputQueueUrl',
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
    write: (queues) => JSON.stringify(queues.map((queue) => MEMBERS.map((member) => queue[member]))),
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

function withNames(values: unknown): unknown {
  if (!Array.isArray(values)) return undefined;
  return Object.fromEntries(MEMBERS.map((member, index) => [member, values[index]]));
}

function isProcessorQueue(value: unknown): value is ProcessorQueue {
  if (!isObject(value)) return false;
  const { inputQueueUrl, topics, firstSlots, reachableSlots, timeoutSeconds, acceptsMinVersion, loadName } =
    value;
  return (
    [inputQueueUrl, loadName].every((text) => typeof text === 'string') &&
    [firstSlots, reachableSlots, timeoutSeconds].every((number) => typeof number === 'number') &&
    typeof acceptsMinVersion === 'boolean' &&
    Array.isArray(topics) &&
    topics.every((topic) => typeof topic === 'string')
  );
}
