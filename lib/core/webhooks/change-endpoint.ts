import type { WebhookEndpoint } from '../model/webhook-endpoint.ts';
import type { WebhookEndpointStore } from '../ports/webhooks.ts';
import { WebhookEndpointNotFound, WebhookEndpointsContended } from './errors.ts';

/** Most tries to write a list while others change it. */
const MAX_WRITES = 10;

type Endpoints = readonly WebhookEndpoint[];

/**
 * Changes the endpoints of a tenant.
 * @param change is called again with the list of another writer that came first. The same list means no change
 * @throws WebhookEndpointsContended; what `change` throws
 */
export async function changeEndpoints(
  store: WebhookEndpointStore,
  tenant: string | undefined,
  change: (endpoints: Endpoints) => Endpoints,
): Promise<void> {
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const { endpoints, revision } = await store.read(tenant);
    const changed = change(endpoints);
    if (changed === endpoints) return;
    if (await store.write(tenant, { endpoints: changed, revision: revision + 1 })) return;
  }
  throw new WebhookEndpointsContended(MAX_WRITES);
}

/**
 * Changes an endpoint.
 * @param change as for {@link changeEndpoints}
 * @returns the endpoint afterwards
 * @throws WebhookEndpointNotFound, WebhookEndpointsContended; what `change` throws
 */
export async function changeEndpoint(
  store: WebhookEndpointStore,
  tenant: string | undefined,
  id: string,
  change: (endpoint: WebhookEndpoint) => WebhookEndpoint,
): Promise<WebhookEndpoint> {
  let changed: WebhookEndpoint | undefined;
  await changeEndpoints(store, tenant, (endpoints) => {
    const before = endpoints.find((endpoint) => endpoint.id === id);
    if (!before) throw new WebhookEndpointNotFound(id);
    const after = change(before);
    changed = after;
    return after === before
      ? endpoints
      : endpoints.map((endpoint) => (endpoint === before ? after : endpoint));
  });
  if (!changed) throw new WebhookEndpointNotFound(id);
  return changed;
}
