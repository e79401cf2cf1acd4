import { serializeError } from '../base/serialize-error.ts';
import type { VerdictName } from '../config/audit-verdicts.ts';
import type { AuditSource } from '../ports/audit-source.ts';
import type { LedgerFigures, VerdictCounts } from '../ports/ledger.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type AuditRules, remedyOf } from './audit.ts';
import { AuditTally } from './audit-tally.ts';
import { runAudit } from './run-audit.ts';

/** Most findings of an audit that are logged one by one. The command lists all of them. */
export const MAX_LOGGED_FINDINGS = 100;

/** What an audit found. */
export interface AuditReport {
  /** Requests that were looked at. */
  readonly audited: number;
  /** Requests that don't add up, of those that were looked at. */
  readonly drift: number;
  /** Where the requests are that add up. */
  readonly figures: LedgerFigures;
  readonly verdicts: VerdictCounts;
  /** Why the audit didn't look at everything; undefined if it did. */
  readonly stoppedBy?: unknown;
}

/** Runs an audit, logs its findings and counts them. If it fails, it reports the findings until then. */
export async function reportAudit(
  source: AuditSource,
  rules: AuditRules,
  { logger, except = [] }: { readonly logger: Logger; readonly except?: readonly VerdictName[] },
): Promise<AuditReport> {
  const tally = new AuditTally(except);
  let findings = 0;
  const counts = () => ({ audited: tally.audited, drift: tally.drift });
  const report = () => ({ ...counts(), figures: tally.figures, verdicts: tally.verdicts });
  try {
    for await (const judged of runAudit(source, rules)) {
      for (const finding of judged.flatMap((request) => tally.add(request))) {
        findings++;
        if (findings > MAX_LOGGED_FINDINGS) continue;
        const since = new Date(finding.since).toISOString();
        logger.error('A request does not add up', { ...finding, since, remedy: remedyOf(finding) });
      }
    }
  } catch (stoppedBy) {
    logger.error('The audit is incomplete', { ...counts(), findings, error: serializeError(stoppedBy) });
    return { ...report(), stoppedBy };
  }
  logger.info('The audit is complete', { ...counts(), findings });
  return report();
}
