import { Metrics } from '@aws-lambda-powertools/metrics';
import { recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbWebhookEndpoints } from '../../lib/aws/dynamodb-webhook-endpoints.ts';
import { EventBridgeBus } from '../../lib/aws/eventbridge-bus.ts';
import { lazyPutEvents } from '../../lib/aws/lazy-put-events.ts';
import { METRIC_NAMESPACE } from '../../lib/core/config/metric-names.ts';
import type { WebhookEnvironment } from '../../lib/core/config/webhook-environment.ts';
import type { Logger } from '../../lib/core/ports/telemetry.ts';
import { EndpointHealth } from '../../lib/core/webhooks/endpoint-health.ts';
import { PowertoolsMetrics } from '../../lib/lambda/powertools-metrics.ts';

/** Opens the endpoints of a deployed service. A module of its own, which is loaded only where there are any. */
export function openEndpointHealth(
  { requestTable, serviceName, metrics, eventBusArn }: WebhookEnvironment,
  logger: Logger,
): EndpointHealth {
  return new EndpointHealth({
    store: new DynamoDbWebhookEndpoints(recordClient(), requestTable),
    serviceName,
    logger,
    metrics: metrics
      ? new PowertoolsMetrics(new Metrics({ namespace: METRIC_NAMESPACE, serviceName }))
      : undefined,
    bus: eventBusArn ? new EventBridgeBus(lazyPutEvents, eventBusArn) : undefined,
  });
}
