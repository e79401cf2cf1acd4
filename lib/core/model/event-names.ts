/** The `source` of all events on an event bus. The detail contains the `source` of the CloudEvent. */
export const EVENT_BUS_SOURCE = 'coatcheck';

/** The `source` of a service's CloudEvents. */
export function sourceOf(serviceName: string): string {
  return `/coatcheck/${encodeURIComponent(serviceName)}`;
}

/** The `type` of the CloudEvent of a part of a result. */
export const CHUNK_EVENT_TYPE = 'coatcheck.request.chunk';

/** The `type` of the CloudEvent of an outcome. */
export function eventTypeOf({ status }: { readonly status: string }): string {
  return `coatcheck.request.${status}`;
}
