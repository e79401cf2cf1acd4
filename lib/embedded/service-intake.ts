import { v7 } from 'uuid';
import { DEFAULT_PAYLOAD_PREFIX } from '../core/config/settings.ts';
import { Batches } from '../core/intake/batches.ts';
import type { Forecaster } from '../core/intake/forecast/forecaster.ts';
import { Schedules } from '../core/intake/schedules.ts';
import { Submissions } from '../core/intake/submissions.ts';
import { LiveLimits } from '../core/limits/live-limits.ts';
import type { Admission } from '../core/ports/admission.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import type { RecordStore } from '../core/ports/record-store.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { RequestRecords } from '../core/records/request-records.ts';
import { SqliteBatchStore } from '../stores/sqlite/batch-store.ts';
import { SqliteIdempotencyKeys } from '../stores/sqlite/idempotency-keys.ts';
import { SqliteLimitStore } from '../stores/sqlite/limit-store.ts';
import { SqliteRecordStore } from '../stores/sqlite/record-store.ts';
import { SqliteScheduleStore } from '../stores/sqlite/schedule-store.ts';
import { serviceAdmission } from './service-admission.ts';
import { serviceForecaster } from './service-forecaster.ts';
import type { StoredServiceSettings } from './settings.ts';
import type { Storage } from './storage.ts';

/** The dependencies of {@link serviceIntake}. */
export interface ServiceIntakeParts {
  readonly storage: Storage;
  readonly settings: StoredServiceSettings;
  readonly logger: Logger;
}

/** The parts of a service that accept requests, for its program and its API. */
export interface ServiceIntake {
  readonly records: RequestRecords;
  readonly queue: SubmissionQueue;
  readonly submissions: Submissions;
  readonly admission: Admission;
  readonly forecaster: Forecaster;
  readonly limits: LiveLimits;
  readonly schedules: Schedules;
  readonly scheduleStore: SqliteScheduleStore;
  readonly batches: Batches;
  readonly batchStore: SqliteBatchStore;
  /** Makes an id of a request, or of a batch, that sorts by the time. */
  readonly newId: (at: number) => string;
}

/** @param recordStore that of the file, or one that observes it */
export function serviceIntake(
  parts: ServiceIntakeParts,
  recordStore: RecordStore = new SqliteRecordStore(parts.storage.file),
): ServiceIntake {
  const { storage, settings, logger } = parts;
  const { file, clock, payloads } = storage;
  const newId = (at: number) => v7({ msecs: at });
  const records = new RequestRecords(
    recordStore,
    () => clock.now(),
    settings.recordAgeDays,
    settings.recordMetadata,
  );
  const queue = storage.submissions();
  const keys = new SqliteIdempotencyKeys(file);
  const submissions = new Submissions(
    { records, keys, queue, store: payloads, logger, clock, newId },
    { ...settings, payloadPrefix: DEFAULT_PAYLOAD_PREFIX },
  );
  const admission = serviceAdmission(parts);
  const scheduleStore = new SqliteScheduleStore(file);
  const batchStore = new SqliteBatchStore(file, storage.laneFor);
  return {
    records,
    queue,
    submissions,
    admission,
    forecaster: serviceForecaster(parts, admission),
    limits: new LiveLimits(settings.limits, new SqliteLimitStore(file), clock, Math.random),
    schedules: new Schedules({ store: scheduleStore, clock, logger }),
    scheduleStore,
    batches: new Batches({ store: batchStore, submissions, clock, newId }),
    batchStore,
    newId,
  };
}
