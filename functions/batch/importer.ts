import { v7 } from 'uuid';
import { addLines, linesIn } from '../../lib/api/item-lines.ts';
import { recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { lazyItemFiles } from '../../lib/aws/lazy-item-files.ts';
import { lazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import type { BatchEnvironment } from '../../lib/core/config/batch-environment.ts';
import { BatchImporter } from '../../lib/core/intake/batch-importer.ts';
import type { Logger } from '../../lib/core/ports/telemetry.ts';
import type { RequestRecords } from '../../lib/core/records/request-records.ts';
import { openBatches } from '../api/open-batches.ts';

/** Imports the items of objects. A module of its own, which is loaded for the first import. */
export function batchImporter(
  environment: BatchEnvironment,
  records: RequestRecords,
  logger: Logger,
): BatchImporter {
  const { requestTable, payloadBucket } = environment;
  const { batches, store, processors } = openBatches(environment, {
    records,
    keys: new DynamoDbIdempotencyKeys(recordClient(), requestTable),
    store: lazyPayloadStore(payloadBucket, 1),
    logger,
    clock: Date,
    newId: (at) => v7({ msecs: at }),
  });
  const parts = { destinations: processors, clock: Date };
  return new BatchImporter({
    store,
    files: lazyItemFiles(payloadBucket),
    addLines: async ({ id, tenant }, bytes) => {
      const { refused } = await addLines(linesIn(bytes), id, tenant, { batches, parts });
      return refused.map(({ problem: { code, detail }, ...line }) => ({ ...line, code, detail }));
    },
    clock: Date,
  });
}
