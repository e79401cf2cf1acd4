import type { DecodedRequest } from '../model/decoded-request.ts';
import type { RequestIdentity } from '../model/request-id.ts';

/** The messages of requests, where queues can be read without receiving from them. */
export interface RequestMessages {
  /** Those of a request: it waits, runs or was dead-lettered. The one that was sent first comes first. */
  find(request: RequestIdentity): Promise<readonly DecodedRequest[]>;
}
