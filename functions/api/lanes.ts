import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';
import type { Priority } from '../../lib/core/model/priority.ts';

/** The queues of all priorities; undefined where there is one for all. */
export function lanesOf({
  inputQueueUrl,
  highInputQueueUrl,
  lowInputQueueUrl,
}: ApiEnvironment): Record<Priority, string> | undefined {
  if (highInputQueueUrl === '' || lowInputQueueUrl === '') return undefined;
  return { high: highInputQueueUrl, normal: inputQueueUrl, low: lowInputQueueUrl };
}
