import { checkOptions } from '../core/config/shape.ts';
import { type NewPause, ServicePause } from '../core/operations/service-pause.ts';
import { SqliteOperatorPauses } from '../stores/sqlite/operator-pauses.ts';
import type { ServiceParts } from './service-parts.ts';

/** The pause of a program, whose options are checked. The API checks calls by schemas of its own. */
class CheckedPause extends ServicePause {
  override async start(pause: NewPause, by?: string) {
    return super.start(checkOptions('pause.start()', pause, {}), by);
  }
}

/** Pauses all processes that have the file of a service open. */
export function servicePause({ storage, logger }: Pick<ServiceParts, 'storage' | 'logger'>): ServicePause {
  return new CheckedPause({
    pauses: new SqliteOperatorPauses(storage.file),
    clock: storage.clock,
    logger,
  });
}
