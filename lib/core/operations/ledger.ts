import type { Clock } from '../ports/clock.ts';
import type { Ledger, LedgerBook, LedgerFigures, LedgerReader } from '../ports/ledger.ts';

/** Balances figures. @param at milliseconds since 1970 */
export function ledgerOf(figures: LedgerFigures, at: number): Ledger {
  return { ...figures, drift: figures.accepted - knownIn(figures), at };
}

/** The requests that are in a figure besides `accepted`. */
export function knownIn({ ended, waiting, running, deadLettered }: Omit<LedgerFigures, 'accepted'>): number {
  const { succeeded, failed, cancelled, expired } = ended;
  return succeeded + failed + cancelled + expired + waiting + running + deadLettered;
}

/** Reads a ledger from a book that counts at any moment. */
export function countedLedger(book: LedgerBook, clock: Clock): LedgerReader {
  return { read: async () => ledgerOf(await book.read(), clock.now()) };
}
