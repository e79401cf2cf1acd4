import { whenAborted } from '../core/base/when-aborted.ts';
import { Deadline } from '../core/engine/deadline.ts';
import { Engine } from '../core/engine/engine.ts';
import { type RehearsalParts, rehearse } from '../core/engine/rehearsal.ts';
import type { Rehearsal } from '../core/model/rehearsal.ts';
import type { Processor } from '../core/processor/handler.ts';
import { MessageTable } from '../stores/sqlite/message-table.ts';
import { SqliteRecordStore } from '../stores/sqlite/record-store.ts';
import type { MessageRehearser } from './actions/action-parts.ts';
import { enginePortsOf } from './engine-ports.ts';
import type { ServiceParts } from './service-parts.ts';
import { QUEUES } from './storage.ts';

/** Dead letters that are read at a time. */
const PAGE = 100;

/**
 * Rehearses all messages of the dead-letter queue, and leaves them as they are.
 * @param stop when it fires, no more handlers start, and running ones have the grace time
 * @throws the reason of the signal
 */
export async function rehearseDeadLetters(
  parts: Omit<ServiceParts, 'processor'>,
  processor: Processor,
  stop: AbortSignal,
): Promise<readonly Rehearsal[]> {
  const { file } = parts.storage;
  const rehearsal = rehearsalPartsOf(parts, processor);
  using drained = drainedBy(stop, parts);
  const { deadline } = drained;
  const found: Rehearsal[] = [];
  for (const messages of new MessageTable(file, QUEUES.deadLetters).pages(PAGE)) {
    const rehearsed = await rehearse(messages, rehearsal, deadline);
    stop.throwIfAborted();
    found.push(...rehearsed.flatMap(({ requests = [] }) => requests));
  }
  return found;
}

/** Rehearses messages one by one, until the service closes. */
export function messageRehearser(
  parts: Omit<ServiceParts, 'processor'>,
  processor: Processor,
  stop: AbortSignal,
): MessageRehearser {
  return {
    stop,
    rehearse: async (message) => {
      using drained = drainedBy(stop, parts);
      const [rehearsed] = await rehearse([message], rehearsalPartsOf(parts, processor), drained.deadline);
      return rehearsed?.requests;
    },
  };
}

/** A deadline without an end, until the signal fires: then handlers have the grace time. */
function drainedBy(
  stop: AbortSignal,
  { storage: { clock }, graceSeconds }: Pick<ServiceParts, 'storage' | 'graceSeconds'>,
): Disposable & { readonly deadline: Deadline } {
  const stack = new DisposableStack();
  const deadline = stack.use(new Deadline(clock.now(), Number.POSITIVE_INFINITY));
  stack.defer(whenAborted(stop, () => deadline.drain(clock.now() + graceSeconds * 1000, clock.now())));
  return { deadline, [Symbol.dispose]: () => stack.dispose() };
}

/** The dependencies of the rehearsals of a service. @throws ConfigurationError for a secret without a value */
export function rehearsalPartsOf(
  parts: Omit<ServiceParts, 'processor'>,
  processor: Processor,
): RehearsalParts {
  const { storage, settings } = parts;
  return {
    settings,
    ports: enginePortsOf(parts, processor, new SqliteRecordStore(storage.file)),
    source: storage.input(QUEUES.requests).capabilities,
    newEngine: (...given) => new Engine(processor, ...given),
  };
}
