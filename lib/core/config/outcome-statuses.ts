/** How a request can end. */
export const OUTCOME_STATUSES = ['succeeded', 'failed', 'cancelled', 'expired'] as const;

/** How a request ended. */
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];
