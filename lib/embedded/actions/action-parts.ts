import type { Logger } from '../../core/ports/telemetry.ts';
import type { SqliteActionStore } from '../../stores/sqlite/action-store.ts';
import type { ServiceIntake } from '../service-intake.ts';
import type { StoredServiceSettings } from '../settings.ts';
import type { Storage } from '../storage.ts';

/** What the actions of a service need. */
export interface ServiceActionsParts {
  readonly storage: Storage;
  readonly settings: Pick<StoredServiceSettings, 'maxJsonDepth' | 'recordAgeDays'>;
  readonly intake: ServiceIntake;
  readonly logger: Logger;
}

/** What the requests of actions are found and handled with. */
export interface ActionParts extends Omit<ServiceActionsParts, 'logger'> {
  readonly store: SqliteActionStore;
}
