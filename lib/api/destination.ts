import type { Forecaster } from '../core/intake/forecast/forecaster.ts';
import type { Submissions } from '../core/intake/submissions.ts';
import type { Priority } from '../core/model/priority.ts';
import { closestOf } from '../core/model/topic.ts';
import type { Admission } from '../core/ports/admission.ts';
import { ProblemError } from './problem.ts';

/** The queue of a processor, as the API sends requests to it. */
export interface Destination {
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  readonly submissions: Submissions;
  readonly admission: Admission;
  readonly forecaster: Pick<Forecaster, 'forecast' | 'forecastSubmitted'>;
  /** Whether the versions of the handler have an order, so that requests may ask for one. */
  readonly acceptsMinVersion: boolean;
  /** Whether requests with one ordering key run one after another. */
  readonly keepsOrder: boolean;
  /** How long the message of an upload can wait until the request may start, in seconds; 0 if it can't. */
  readonly maxUploadDelaySeconds: number;
  /** The priorities that the message of an upload has a lane for. @default ['normal'] */
  readonly uploadPriorities?: readonly Priority[];
}

/** The destinations of a service; the first is that of the processor that the API was deployed with. */
export type Destinations = readonly [Destination, ...Destination[]];

/** What decides whether a destination takes an item. */
export type ItemDestination = Pick<Destination, 'topics' | 'acceptsMinVersion' | 'keepsOrder'>;

/** The destination with the closest pattern. @param field the header or member with the topic @throws ProblemError 422 */
export function destinationFor<Found extends Pick<Destination, 'topics'>>(
  field: string,
  topic: string | undefined,
  destinations: readonly Found[],
): Found {
  const found = closestOf(destinations, topic);
  if (found) return found;
  const patterns = destinations.flatMap(({ topics }) => topics);
  throw new ProblemError({
    status: 422,
    code: topic === undefined ? 'topic_required' : 'topic_unknown',
    detail: `${field} must be a topic that a processor takes: ${patterns.join(', ')}, got ${topic ?? 'none'}`,
  });
}
