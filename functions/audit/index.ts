/**
 * Audits the requests of a service now and then: compares records, queues and stored objects, publishes how many requests
 * don't add up, and keeps what it counted as the ledger of the service.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DeployedAudit } from '../../lib/aws/deployed-audit.ts';
import { DynamoDbLedger } from '../../lib/aws/dynamodb-ledger.ts';
import { payloadClient } from '../../lib/aws/s3-clients.ts';
import { CoatcheckError } from '../../lib/core/base/errors.ts';
import { readAuditEnvironment } from '../../lib/core/config/audit-environment.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import { DEFAULT_GRACE_SECONDS } from '../../lib/core/operations/audit.ts';
import { auditMetricsOf } from '../../lib/core/operations/audit-metrics.ts';
import { reportAudit } from '../../lib/core/operations/report-audit.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/** The time for a page of the table that has been read, and for the report. */
const SPARE_MILLISECONDS = 30_000;

/** Each takes about 140 bytes, with longer keys more: a third of the memory. */
const MAX_HELD = 2_000_000;

const powertools = createPowertools();
const environment = readAuditEnvironment(process.env);
const { serviceName, requestTable, payloadBucket, auditedPrefixes, exceptedVerdicts } = environment;
const figures = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
const logger = new PowertoolsLogger(powertools);
const clients = {
  queues: queueClient(),
  table: recordClient(),
  objects: payloadClient(1),
};
const ledger = new DynamoDbLedger(clients.table, requestTable);

/** The time of the function is up. */
class AuditOverdue extends CoatcheckError {
  override readonly name = 'AuditOverdue';
  readonly code = 'audit_overdue';
}

/** Runs an audit, and keeps what it counted. @throws what stopped it, so that the invocation counts as an error */
export async function handler(_event: unknown, context: Context): Promise<void> {
  powertools.addContext(context);
  const now = Date.now();
  const overdue = new AbortController();
  const timer = setTimeout(
    () => overdue.abort(new AuditOverdue('The audit takes longer than the function may run')),
    context.getRemainingTimeInMillis() - SPARE_MILLISECONDS,
  );
  const source = new DeployedAudit(
    clients,
    { ...environment, tableName: requestTable, bucketName: payloadBucket, prefixes: auditedPrefixes },
    { now, signal: overdue.signal, maxHeld: MAX_HELD },
  );
  const rules = { ...environment, now, graceMilliseconds: DEFAULT_GRACE_SECONDS * 1000 };
  const report = await reportAudit(source, rules, { logger, except: exceptedVerdicts });
  clearTimeout(timer);
  for (const [name, value] of auditMetricsOf(report)) figures.addMetric(name, MetricUnit.Count, value);
  figures.publishStoredMetrics();
  if (report.stoppedBy !== undefined) throw report.stoppedBy;
  const { figures: counted, drift, verdicts } = report;
  await ledger.keep({ ...counted, drift, at: now, audit: { verdicts, seconds: (Date.now() - now) / 1000 } });
}
