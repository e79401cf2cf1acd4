import type { AuditRules } from '../../core/operations/audit.ts';
import type { AuditSource } from '../../core/ports/audit-source.ts';

/** What to audit, and by which rules. */
export interface OpenedAudit extends AsyncDisposable {
  readonly source: AuditSource;
  readonly rules: AuditRules;
}

/** The rules that the command is given. */
export interface GivenRules extends Pick<AuditRules, 'now' | 'graceMilliseconds'> {
  /** @default - as the stores say, or the default of a service */
  readonly resultAgeDays?: number;
}
