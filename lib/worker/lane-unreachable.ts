import { CoatcheckError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import type { Priority } from '../core/model/priority.ts';

/** One lane of a queue failed and waits to be asked again, while others wait for messages. */
export class LaneUnreachable extends CoatcheckError {
  override readonly name = 'LaneUnreachable';
  readonly code = 'lane_unreachable';
  readonly lane: Priority;
  readonly failures: number;
  readonly retryInMilliseconds: number;

  constructor(lane: Priority, failures: number, retryInMilliseconds: number, cause: unknown) {
    super(`The queue of ${lane} requests can't be reached: ${messageOf(cause)}`, { cause });
    this.lane = lane;
    this.failures = failures;
    this.retryInMilliseconds = retryInMilliseconds;
  }
}
