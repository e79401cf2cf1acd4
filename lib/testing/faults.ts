import { ConfigurationError } from '../core/base/errors.ts';
import { InjectedFault } from '../stores/memory/faults.ts';
import type { Around } from './intercept.ts';

/** What fails. */
export type FaultyPart =
  | 'input queue'
  | 'request table'
  | 'payload store'
  | 'output queue'
  | 'dead-letter queue'
  | 'handler';

/** A fault that can be injected. */
interface Fault {
  readonly part: FaultyPart;
  /** What happens to a call, and whether that is before or after the call has had its effect. */
  readonly effect: 'fails before' | 'fails after' | 'crashes before' | 'crashes after' | 'happens twice';
  /** The calls it can happen to. @default - all calls of the part */
  readonly calls?: readonly string[];
  /** Whether it stays until {@link InjectedFaults.recover}, unless a number of times is given. */
  readonly lasts: boolean;
}

const FAULTS = {
  'input-queue-down': { part: 'input queue', effect: 'fails before', lasts: true },
  'submit-answer-lost': { part: 'input queue', effect: 'fails after', lasts: false },
  'duplicate-delivery': { part: 'input queue', effect: 'happens twice', lasts: false },
  'record-table-throttled': { part: 'request table', effect: 'fails before', lasts: true },
  'record-answer-lost': {
    part: 'request table',
    effect: 'fails after',
    calls: ['write', 'writeWith'],
    lasts: false,
  },
  'payload-store-down': { part: 'payload store', effect: 'fails before', lasts: true },
  'crash-in-handler': { part: 'handler', effect: 'crashes before', lasts: false },
  'crash-after-handler': { part: 'handler', effect: 'crashes after', lasts: false },
  'output-queue-down': { part: 'output queue', effect: 'fails before', lasts: true },
  'publish-answer-lost': { part: 'output queue', effect: 'fails after', lasts: false },
  'crash-before-publish': { part: 'output queue', effect: 'crashes before', lasts: false },
  'crash-before-acknowledge': { part: 'output queue', effect: 'crashes after', lasts: false },
  'dead-letter-queue-down': { part: 'dead-letter queue', effect: 'fails before', lasts: true },
} as const satisfies Record<string, Fault>;

/**
 * A fault that a test can inject.
 *
 * | fault | what happens | how long |
 * |---|---|---|
 * | `input-queue-down` | The input queue accepts no message: `submit` rejects, and the request doesn't exist. | until `recover` |
 * | `submit-answer-lost` | The input queue takes a message, and the answer is lost: `submit` rejects, and the request runs. | once |
 * | `duplicate-delivery` | The queue delivers the message of the next request twice. | once |
 * | `record-table-throttled` | The request table refuses reads and writes. | until `recover` |
 * | `record-answer-lost` | The request table writes a record, and the answer is lost. | once |
 * | `payload-store-down` | S3 refuses to read payloads and to store results. | until `recover` |
 * | `crash-in-handler` | The process dies before the handler does anything, for example for want of memory. | once |
 * | `crash-after-handler` | The process dies after the handler returned and before the result is recorded. | once |
 * | `output-queue-down` | The output queue accepts no outcome. | until `recover` |
 * | `publish-answer-lost` | The output queue takes an outcome, and the answer is lost. | once |
 * | `crash-before-publish` | The process dies after it recorded an outcome and before it published the outcome. | once |
 * | `crash-before-acknowledge` | The process dies after it published an outcome and before the message is deleted. | once |
 * | `dead-letter-queue-down` | The dead-letter queue accepts no message. | until `recover` |
 */
export type FaultName = keyof typeof FAULTS;

/** The names of all faults. */
export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS).filter(isFaultName);

function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}

/** The faults that wait for a call. */
export class InjectedFaults {
  readonly #left = new Map<FaultName, number>();

  /**
   * @param times the number of calls that meet the fault
   * @throws ConfigurationError for a name or a number that doesn't exist
   */
  inject(name: FaultName, times?: number): void {
    if (!isFaultName(name)) {
      throw new ConfigurationError(`inject() takes one of ${FAULT_NAMES.join(', ')}, got ${String(name)}`);
    }
    if (times !== undefined && !(times >= 1)) {
      throw new ConfigurationError(`inject() takes a number of times from 1, got ${times}`);
    }
    this.#left.set(name, times ?? (FAULTS[name].lasts ? Number.POSITIVE_INFINITY : 1));
  }

  recover(name?: FaultName): void {
    if (name === undefined) this.#left.clear();
    else this.#left.delete(name);
  }

  /** Runs the calls of a part. @param die kills the process that makes the call */
  around(part: FaultyPart, die: () => never): Around {
    return async (call, effect) => {
      const name = this.#take(part, call);
      if (name === undefined) return effect();
      switch (FAULTS[name].effect) {
        case 'fails before':
          throw new InjectedFault(`${name}: ${call} of the ${part} failed`);
        case 'crashes before':
          return die();
        case 'happens twice':
          await effect();
          return effect();
        case 'fails after':
          await effect();
          throw new InjectedFault(`${name}: the answer to ${call} of the ${part} was lost`);
        case 'crashes after':
          await effect();
          return die();
      }
    };
  }

  #take(part: FaultyPart, call: string): FaultName | undefined {
    const name = [...this.#left.keys()].find((each) => {
      const fault: Fault = FAULTS[each];
      return fault.part === part && (fault.calls?.includes(call) ?? true);
    });
    if (name === undefined) return undefined;
    const left = (this.#left.get(name) ?? 1) - 1;
    if (left > 0) this.#left.set(name, left);
    else this.#left.delete(name);
    return name;
  }
}
