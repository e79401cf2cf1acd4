import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';
import type { OtherLaneUrls } from '../../lib/core/config/lane-urls.ts';
import type { Priority } from '../../lib/core/model/priority.ts';

/** The URLs of the queues of a service. Those of other priorities are empty unless it has lanes. */
export type LaneUrls = OtherLaneUrls & Pick<ApiEnvironment, 'inputQueueUrl'>;

/** The queues of all priorities; undefined where there is one for all. */
export function lanesOf({
  inputQueueUrl,
  highInputQueueUrl,
  lowInputQueueUrl,
}: LaneUrls): Record<Priority, string> | undefined {
  if (highInputQueueUrl === '' || lowInputQueueUrl === '') return undefined;
  return { high: highInputQueueUrl, normal: inputQueueUrl, low: lowInputQueueUrl };
}
