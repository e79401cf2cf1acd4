import type { AuditMetricName } from '../config/metric-names.ts';
import type { AuditReport } from './report-audit.ts';

/** The metrics of an audit. An incomplete audit can't show that nothing drifts. */
export function auditMetricsOf({
  audited,
  drift,
  stoppedBy,
}: Pick<AuditReport, 'audited' | 'drift' | 'stoppedBy'>): readonly (readonly [AuditMetricName, number])[] {
  const isComplete = stoppedBy === undefined;
  return [
    ['AuditedRequests', audited],
    ...(isComplete || drift > 0 ? [['LedgerDrift', drift] as const] : []),
    ...(isComplete ? [] : [['IncompleteAudits', 1] as const]),
  ];
}
