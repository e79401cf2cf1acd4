import type { Rehearsal, RehearsedMessage } from '../../core/model/rehearsal.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { SqliteActionStore } from '../../stores/sqlite/action-store.ts';
import type { ServiceIntake } from '../service-intake.ts';
import type { StoredServiceSettings } from '../settings.ts';
import type { Storage } from '../storage.ts';

/** Rehearses messages in this process. */
export interface MessageRehearser {
  /** Fires when the service closes: no further message is rehearsed. */
  readonly stop: AbortSignal;
  /** @returns how its requests would end; undefined if there was no time to start it */
  rehearse(message: RehearsedMessage): Promise<readonly Rehearsal[] | undefined>;
}

/** The dependencies of the actions of a service. */
export interface ServiceActionsParts {
  readonly storage: Storage;
  readonly settings: Pick<
    StoredServiceSettings,
    'concurrency' | 'maxJsonDepth' | 'recordAgeDays' | 'recordMetadata'
  >;
  readonly intake: ServiceIntake;
  readonly logger: Logger;
  /** Absent if no processor runs in this process: then another one rehearses. */
  readonly rehearser?: MessageRehearser | undefined;
  /** Whether programs take the requests by the API, which has no rehearsals. */
  readonly hasTakers: boolean;
}

/** The dependencies of finding and handling the requests of actions. */
export interface ActionParts extends Omit<ServiceActionsParts, 'logger'> {
  readonly store: SqliteActionStore;
}
