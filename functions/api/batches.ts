import type { ApiExtension } from '../../lib/api/app.ts';
import { addBatchRoutes, BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import type { ApiParts } from '../../lib/api/context.ts';
import { lazyItemFiles } from '../../lib/aws/lazy-item-files.ts';
import { lazyMinuteTimers } from '../../lib/aws/lazy-minute-timers.ts';
import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { BatchImports } from '../../lib/core/intake/batch-imports.ts';
import type { SubmissionPorts } from '../../lib/core/intake/submissions.ts';
import { openBatches } from './open-batches.ts';

/** Results in a response: those that fit in one of 6 MB. */
const MAX_RESULTS = 1_000;

/** The routes of the batches. A module of its own, which is loaded only where there are any. */
export function batchRoutes(
  settings: ApiEnvironment,
  parts: ApiParts,
  taking: Omit<SubmissionPorts, 'queue'>,
): ApiExtension {
  const { batchGroup, batchRole, batchFunctionArn, payloadBucket } = settings;
  const timers = lazyMinuteTimers({
    scheduleGroup: batchGroup,
    scheduleRole: batchRole,
    functionArn: batchFunctionArn,
  });
  const { batches, store } = openBatches(settings, taking, timers);
  const { transfers } = parts;
  const { clock, newId } = taking;
  const files = lazyItemFiles(payloadBucket);
  const imports = new BatchImports({ batches, store, files, transfers, clock, newId }, settings);
  return {
    routes: BATCH_ROUTES,
    add: (app) => addBatchRoutes(app, batches, parts, { maxResults: MAX_RESULTS, manifests: true, imports }),
  };
}
