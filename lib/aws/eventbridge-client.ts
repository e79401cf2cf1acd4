import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SMALL_CALLS } from './clients.ts';
import type { PutEvents } from './eventbridge-bus.ts';

/** The end of a batch waits for its events: three attempts without a response take three times as long. */
const REQUEST_TIMEOUT_MILLISECONDS = 2_000;

/** A client for EventBridge. */
export function eventClient(): EventBridgeClient {
  return new EventBridgeClient({
    requestHandler: { ...SMALL_CALLS, requestTimeout: REQUEST_TIMEOUT_MILLISECONDS },
  });
}

/** Puts events through a client. */
export function putEventsBy(client: EventBridgeClient): PutEvents {
  return async (Entries) => (await client.send(new PutEventsCommand({ Entries }))).Entries ?? [];
}
