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

/** The `type` of the event of a webhook endpoint that was disabled because of its failures. */
export const ENDPOINT_DISABLED_TYPE = 'coatcheck.webhook_endpoint.disabled';

/** The `type` of a webhook that tests an endpoint. */
export const ENDPOINT_TEST_TYPE = 'coatcheck.webhook_endpoint.test';

/** The `type` of a webhook that reports the end of a batch. */
export function batchEventTypeOf({ status }: { readonly status: string }): string {
  return `coatcheck.batch.${status}`;
}
