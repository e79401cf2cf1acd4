import type { DecodedRequest } from '../model/decoded-request.ts';
import type { RequestRecord } from '../model/request-record.ts';

/** The messages of requests, where queues can be read without receiving from them. */
export interface RequestMessages {
  /**
   * Finds a message of a request that waits, runs or was dead-lettered.
   * @param matches whether a request in a message is the one that is looked for
   */
  find(
    record: RequestRecord,
    matches: (request: DecodedRequest) => boolean,
  ): Promise<DecodedRequest | undefined>;
}
