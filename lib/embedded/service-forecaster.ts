import { Forecaster } from '../core/intake/forecast/forecaster.ts';
import type { Admission } from '../core/ports/admission.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { SqliteLimitStore } from '../stores/sqlite/limit-store.ts';
import { SqlitePlaceFinder } from '../stores/sqlite/place-finder.ts';
import type { StoredServiceSettings } from './settings.ts';
import type { Storage } from './storage.ts';

/** The forecaster of a service, which counts the requests ahead of one in the file. */
export function serviceForecaster(
  {
    storage,
    settings,
    logger,
  }: { readonly storage: Storage; readonly settings: StoredServiceSettings; readonly logger: Logger },
  admission: Admission,
): Forecaster {
  const { file, clock } = storage;
  const { limits } = settings;
  return new Forecaster({
    admission,
    limits,
    limitStore: new SqliteLimitStore(file),
    places: new SqlitePlaceFinder(file, { lanes: storage.lanes, limits, clock }),
    logger,
    clock,
  });
}
