import type { recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbWebhookEndpointReader } from '../../lib/aws/dynamodb-webhook-endpoint-reader.ts';
import type { WebhookEndpointReader } from '../../lib/core/ports/webhooks.ts';
import { CachedEndpoints } from '../../lib/core/webhooks/cached-endpoints.ts';

/** Opens the webhook endpoints of a deployment. A module of its own, which is loaded only where there are any. */
export function openEndpoints(
  records: ReturnType<typeof recordClient>,
  requestTable: string,
): WebhookEndpointReader {
  return new CachedEndpoints(new DynamoDbWebhookEndpointReader(records, requestTable), Date);
}
