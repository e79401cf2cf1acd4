import { v7 } from 'uuid';
import { ACTION_ROUTES, addActionRoutes } from '../../lib/api/action-routes.ts';
import type { ApiExtension } from '../../lib/api/app.ts';
import type { ApiParts } from '../../lib/api/context.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbActionStore } from '../../lib/aws/dynamodb-action-store.ts';
import { lazyMinuteTimers } from '../../lib/aws/lazy-minute-timers.ts';
import { DeadLetterQueue } from '../../lib/aws/sqs-dead-letter-queue.ts';
import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { Actions } from '../../lib/core/operations/actions.ts';
import { findTargets } from '../../lib/lambda/actions/find-targets.ts';

/** The routes of actions on many requests. A module of its own, which is loaded only where there are any. */
export function actionRoutes(settings: ApiEnvironment, { records, index, logger }: ApiParts): ApiExtension {
  const { requestTable, recordAgeDays, recordMetadata, deadLetterQueueUrl } = settings;
  const { actionGroup, actionRole, actionFunctionArn } = settings;
  const canRehearse = settings.rehearsalFunctionArn !== '';
  const timers = lazyMinuteTimers({
    scheduleGroup: actionGroup,
    scheduleRole: actionRole,
    functionArn: actionFunctionArn,
  });
  const deadLetters = () => new DeadLetterQueue(queueClient(), deadLetterQueueUrl);
  const ports = { client: recordClient(), table: requestTable, random: Math.random };
  const actions = new Actions({
    store: new DynamoDbActionStore(ports, recordAgeDays),
    targets: { find: (plan) => findTargets(plan, { records, index, deadLetters, clock: Date, canRehearse }) },
    clock: Date,
    logger,
    recordMetadata,
    newId: (at) => v7({ msecs: at }),
    start: (id) => timers.start({ id }),
  });
  return { routes: ACTION_ROUTES, add: (app) => addActionRoutes(app, actions) };
}
