import { withCaps } from '../core/limits/capped-admission.ts';
import type { Admission } from '../core/ports/admission.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { SqliteLimitStore } from '../stores/sqlite/limit-store.ts';
import { SqliteLoadLog } from '../stores/sqlite/load-log.ts';
import { OpenAdmission } from './open-admission.ts';
import type { StoredServiceSettings } from './settings.ts';
import type { Storage } from './storage.ts';

/** The admission of a service, which refuses requests beyond the caps of limits. */
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
  const open = new OpenAdmission({
    gauge: storage.backlog,
    log: new SqliteLoadLog(storage.file),
    clock: storage.clock,
    slots: settings.concurrency,
  });
  return withCaps(open, settings.limits, ports);
}
