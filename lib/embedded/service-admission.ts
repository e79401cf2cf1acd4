import { withCaps } from '../core/limits/capped-admission.ts';
import type { Admission } from '../core/ports/admission.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { SqliteLimitStore } from '../stores/sqlite/limit-store.ts';
import { OpenAdmission } from './open-admission.ts';
import type { StoredServiceSettings } from './settings.ts';
import type { Storage } from './storage.ts';

/** What admits the requests of a service: it refuses those beyond the caps of limits. */
export function serviceAdmission({
  storage,
  settings,
  logger,
}: {
  readonly storage: Storage;
  readonly settings: StoredServiceSettings;
  readonly logger: Logger;
}): Admission {
  const ports = {
    store: new SqliteLimitStore(storage.file),
    logger,
    clock: storage.clock,
    random: Math.random,
  };
  return withCaps(new OpenAdmission(storage.backlog), settings.limits, ports);
}
