import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SMALL_CALLS } from './clients.ts';
import type { PutEvents } from './eventbridge-bus.ts';

/** A batch flushes its events at its end: three calls without an answer hold it up for three times as long. */
const REQUEST_TIMEOUT_MILLISECONDS = 2_000;

/** A client for events. */
export function eventClient(): EventBridgeClient {
  return new EventBridgeClient({
    requestHandler: { ...SMALL_CALLS, requestTimeout: REQUEST_TIMEOUT_MILLISECONDS },
  });
}

/** Puts events by a client. */
export function putEventsBy(client: EventBridgeClient): PutEvents {
  return async (Entries) => (await client.send(new PutEventsCommand({ Entries }))).Entries ?? [];
}
