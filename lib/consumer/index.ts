/**
 * The package export `coatcheck/consumer`, for programs that consume an output queue. For Node.
 */

export { CoatcheckError, ConfigurationError, EnvelopeMalformed, RetryLater } from '../core/base/errors.ts';
export type { ClaimCheck } from '../core/model/claim-check.ts';
export type { Problem } from '../core/model/outcome.ts';
export type { Backoff } from '../core/model/retry.ts';
export { consume, type OutcomeContext, type OutcomeHandler } from './consume.ts';
export { HandlerTimedOut } from './handler-timed-out.ts';
export type { ConsumeOptions, ErrorContext } from './options.ts';
export { type OutcomeFacts, type ReceivedOutcome, readOutcome } from './outcome.ts';
export type { OutcomeResult, ResultObjects } from './outcome-result.ts';
