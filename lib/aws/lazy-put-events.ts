import type { PutEvents } from './eventbridge-bus.ts';
import { lazy } from './lazy.ts';

/** Loads EventBridge's client with the first event: few are sent. */
const loadPutEvents = lazy(async () => {
  const { eventClient, putEventsBy } = await import('./eventbridge-client.ts');
  return putEventsBy(eventClient());
});

/** Puts entries on their buses. */
export const lazyPutEvents: PutEvents = async (entries) => (await loadPutEvents())(entries);
