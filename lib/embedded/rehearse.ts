import { whenAborted } from '../core/base/when-aborted.ts';
import { Deadline } from '../core/engine/deadline.ts';
import { Engine } from '../core/engine/engine.ts';
import { type RehearsalParts, rehearse } from '../core/engine/rehearsal.ts';
import type { Rehearsal } from '../core/model/rehearsal.ts';
import type { Processor } from '../core/processor/handler.ts';
import { MessageTable } from '../stores/sqlite/message-table.ts';
import { SqliteRecordStore } from '../stores/sqlite/record-store.ts';
import { enginePortsOf } from './engine-ports.ts';
import type { ServiceParts } from './service-parts.ts';
import { QUEUES } from './storage.ts';

/** Dead letters that are read at a time. */
const PAGE = 100;

/**
 * Rehearses all messages of the dead-letter queue, and leaves them as they are.
 * @param stop starts no more handlers, and gives those that run the grace time
 * @throws the reason of the signal
 */
export async function rehearseDeadLetters(
  parts: Omit<ServiceParts, 'processor'>,
  processor: Processor,
  stop: AbortSignal,
): Promise<readonly Rehearsal[]> {
  const { clock, file } = parts.storage;
  const rehearsal = rehearsalPartsOf(parts, processor);
  using deadline = new Deadline(clock.now(), Number.POSITIVE_INFINITY);
  using watched = new DisposableStack();
  watched.defer(
    whenAborted(stop, () => deadline.drain(clock.now() + parts.graceSeconds * 1000, clock.now())),
  );
  const found: Rehearsal[] = [];
  for (const messages of new MessageTable(file, QUEUES.deadLetters).pages(PAGE)) {
    const rehearsed = await rehearse(messages, rehearsal, deadline);
    stop.throwIfAborted();
    found.push(...rehearsed.flatMap(({ requests = [] }) => requests));
  }
  return found;
}

/** What rehearsals of a service run with. @throws ConfigurationError for a secret without a value */
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
