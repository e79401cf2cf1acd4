/**
 * What the tests of a processor import, as `coatcheck/testing`: a service in memory, and requests for a handler alone.
 * For Node, with any test runner.
 */

export { CoatcheckError, ConfigurationError } from '../core/base/errors.ts';
export type { Problem } from '../core/model/outcome.ts';
export type { Priority } from '../core/model/priority.ts';
export type { Progress, RequestStatus } from '../core/model/request-record.ts';
export type { AttemptView, DateRange, RequestView } from '../core/model/request-view.ts';
export type { DynamoDbWrite, HandlerWrites } from '../core/ports/handler-writes.ts';
export type { ProcessorExport } from '../core/processor/handler.ts';
export { InjectedFault } from '../stores/memory/faults.ts';
export type { TimeSpan } from './clock.ts';
export type { LogLine } from './collecting-logger.ts';
export type { TestDeadLetter } from './dead-letters.ts';
export {
  type FakeCompletion,
  type FakeRequest,
  type FakeRequestOptions,
  fakeRequest,
} from './fake-request.ts';
export { FAULT_NAMES, type FaultName } from './faults.ts';
export type { TestOutcome } from './outcomes.ts';
export type { TestSettings } from './settings.ts';
export {
  type DrainOptions,
  TestService,
  type TestServiceOptions,
  type TestSubmitOptions,
} from './test-service.ts';
