import type { ApiExtension } from '../../lib/api/app.ts';
import type { ApiParts } from '../../lib/api/context.ts';
import { addScheduleRoutes, SCHEDULE_ROUTES } from '../../lib/api/schedule-routes.ts';
import { recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbScheduleStore } from '../../lib/aws/dynamodb-schedule-store.ts';
import { lazyScheduleTimers } from '../../lib/aws/lazy-schedule-timers.ts';
import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { Schedules } from '../../lib/core/intake/schedules.ts';

/** The routes of the schedules. A module of its own, which is loaded only where there are any. */
export function scheduleRoutes(settings: ApiEnvironment, parts: ApiParts): ApiExtension {
  const { requestTable, scheduleGroup, scheduleRole, scheduleFunctionArn, scheduleDeadLetterQueueArn } =
    settings;
  const schedules = new Schedules({
    store: new DynamoDbScheduleStore(recordClient(), requestTable),
    timers: lazyScheduleTimers({
      scheduleGroup,
      scheduleRole,
      functionArn: scheduleFunctionArn,
      deadLetterQueueArn: scheduleDeadLetterQueueArn,
    }),
    clock: Date,
    logger: parts.logger,
  });
  return { routes: SCHEDULE_ROUTES, add: (app) => addScheduleRoutes(app, schedules, parts) };
}
