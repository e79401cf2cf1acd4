import type { Ledger } from '../../lib/core/ports/ledger.ts';

/** The ledger of an audit that missed a request. */
export const AUDITED: Ledger = {
  accepted: 10,
  ended: { succeeded: 4, failed: 1, cancelled: 1, expired: 0 },
  waiting: 1,
  running: 1,
  deadLettered: 1,
  drift: 1,
  at: Date.parse('2026-01-31T12:00:00Z'),
  audit: { verdicts: { message_missing: 1 }, seconds: 72 },
};
