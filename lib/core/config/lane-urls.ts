import { TEXT_VARIABLES } from './variable-names.ts';
import { optionalText, type VariablesOf } from './variables.ts';

/** The queues of requests that aren't of normal priority; empty unless the service has them. */
export interface OtherLaneUrls {
  readonly highInputQueueUrl: string;
  readonly lowInputQueueUrl: string;
}

export function otherLaneVariables(): VariablesOf<OtherLaneUrls> {
  return {
    highInputQueueUrl: optionalText(TEXT_VARIABLES.highInputQueueUrl),
    lowInputQueueUrl: optionalText(TEXT_VARIABLES.lowInputQueueUrl),
  };
}
