import type { EnginePorts } from '../core/engine/engine-ports.ts';
import type { RecordStore } from '../core/ports/record-store.ts';
import { givenSecrets } from '../core/processor/given-secrets.ts';
import type { Processor } from '../core/processor/handler.ts';
import { NO_OUTPUT } from '../core/wire/no-output.ts';
import { SqliteLimitStore } from '../stores/sqlite/limit-store.ts';
import { SqliteLoadLog } from '../stores/sqlite/load-log.ts';
import { SqliteOperatorPauses } from '../stores/sqlite/operator-pauses.ts';
import type { ServiceParts } from './service-parts.ts';
import { QUEUES } from './storage.ts';

/** The ports of the engine of a service. @throws ConfigurationError for a secret without a value */
export function enginePortsOf(
  { storage, webhookSecrets, webhookEndpoints, hasOutput, logger, metrics }: Omit<ServiceParts, 'processor'>,
  processor: Processor,
  records: RecordStore,
): EnginePorts {
  return {
    store: storage.payloads,
    records,
    output: hasOutput ? storage.output(QUEUES.outcomes) : NO_OUTPUT,
    webhooks: webhookSecrets && storage.output(QUEUES.webhooks),
    webhookEndpoints: webhookEndpoints?.reader,
    operatorPauses: new SqliteOperatorPauses(storage.file),
    limits: new SqliteLimitStore(storage.file),
    load: new SqliteLoadLog(storage.file),
    secrets: givenSecrets(processor, process.env, 'The environment'),
    source: { system: 'sqlite', destination: QUEUES.requests },
    metrics,
    logger,
    clock: storage.clock,
    random: Math.random,
  };
}
