import type { LedgerFigures } from '../ports/ledger.ts';

/** The requests of a service: what was accepted, and where it is now. */
export interface Ledger extends LedgerFigures {
  /** Accepted requests that are in no other figure: 0, or requests are lost. Less than 0 if records come from nowhere. */
  readonly drift: number;
  /** When it was read, in milliseconds since 1970. */
  readonly at: number;
}

/** Balances figures. @param at milliseconds since 1970 */
export function ledgerOf(figures: LedgerFigures, at: number): Ledger {
  const { accepted, ended, waiting, running, deadLettered } = figures;
  const { succeeded, failed, cancelled, expired } = ended;
  const known = succeeded + failed + cancelled + expired + waiting + running + deadLettered;
  return { ...figures, drift: accepted - known, at };
}
