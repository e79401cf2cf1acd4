import { ServicePause } from '../core/operations/service-pause.ts';
import { SqliteOperatorPauses } from '../stores/sqlite/operator-pauses.ts';
import type { ServiceParts } from './service-parts.ts';

/** Pauses all processes that have the file of a service open. */
export function servicePause({ storage, logger }: Pick<ServiceParts, 'storage' | 'logger'>): ServicePause {
  return new ServicePause({
    pauses: new SqliteOperatorPauses(storage.file),
    clock: storage.clock,
    logger,
  });
}
