import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SMALL_CALLS } from './clients.ts';

/** A client for schedules. */
export function schedulerClient(): SchedulerClient {
  return new SchedulerClient({ requestHandler: SMALL_CALLS });
}

/** A client for secrets. */
export function secretsClient(): SecretsManagerClient {
  return new SecretsManagerClient({ requestHandler: SMALL_CALLS });
}
