import { ACTIVITY_ROUTES, addActivityRoutes } from '../../lib/api/activity-routes.ts';
import type { ApiExtension } from '../../lib/api/app.ts';
import { lazyActivityLog } from '../../lib/aws/lazy-activity-log.ts';
import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';

/** The route of the activity. A module of its own, which is loaded only where there is one. */
export function activityRoutes(settings: ApiEnvironment): ApiExtension {
  const { serviceName, inputQueueUrl, highInputQueueUrl, lowInputQueueUrl, otherProcessors } = settings;
  const activity = lazyActivityLog([
    {
      serviceName,
      queueNames: [inputQueueUrl, highInputQueueUrl, lowInputQueueUrl].filter(Boolean).map(queueNameOf),
    },
    ...otherProcessors.map((other) => ({
      serviceName: other.loadName,
      queueNames: [other.inputQueueName],
    })),
  ]);
  return { routes: ACTIVITY_ROUTES, add: (app) => addActivityRoutes(app, { activity, clock: Date }) };
}

/** The URL of an SQS queue ends in its name. */
function queueNameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
