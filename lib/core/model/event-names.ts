/** The `source` of events on an event bus, of all services: a CloudEvent's own is in the detail. */
export const EVENT_BUS_SOURCE = 'coatcheck';

/** The `source` of a service's CloudEvents. */
export function sourceOf(serviceName: string): string {
  return `/coatcheck/${encodeURIComponent(serviceName)}`;
}

/** The `type` of the CloudEvent of an outcome. */
export function eventTypeOf({ status }: { readonly status: string }): string {
  return `coatcheck.request.${status}`;
}
