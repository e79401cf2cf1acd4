import { ConfigurationError } from '../../core/base/errors.ts';
import {
  INPUT_VARIABLES,
  inputUrlsOf,
  WEBHOOK_SECRETS_VARIABLE,
  type WorkerEnvironment,
} from '../../core/config/worker-environment.ts';
import { PRIORITIES } from '../../core/model/priority.ts';
import { checkSecrets } from '../../core/model/webhook-secrets.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { QUEUES } from '../../embedded/storage.ts';
import { WEBHOOK_CONCURRENCY, webhookRunner } from '../../embedded/webhook-runner.ts';
import { SqliteInputQueue } from '../../stores/sqlite/input-queue.ts';
import { SqliteOutputQueue } from '../../stores/sqlite/output-queue.ts';
import type { SqliteFile } from '../../stores/sqlite/sqlite-file.ts';
import { SqliteWebhookEndpoints } from '../../stores/sqlite/webhook-endpoints.ts';
import type { WorkerPorts } from './worker-ports.ts';

/** The queues of webhooks in a file: a worker's own queues must have other names. */
const RESERVED: readonly string[] = [QUEUES.webhooks, QUEUES.webhookDeadLetters];

/**
 * The queue of webhooks in the file of the records, which every worker on the file delivers.
 * @throws ConfigurationError for secrets that can't sign, and for a queue of the worker with a name of these
 */
export function fileWebhooks(
  file: SqliteFile,
  environment: WorkerEnvironment,
  logger: Logger,
): Pick<WorkerPorts, 'webhooks' | 'webhookEndpoints' | 'deliveries'> {
  assertOtherQueues(environment);
  const secrets = secretsOf(environment.webhookSecrets);
  const queue = QUEUES.webhooks;
  return {
    webhooks: new SqliteOutputQueue(file, queue, Date),
    webhookEndpoints: environment.webhookEndpoints ? new SqliteWebhookEndpoints(file) : undefined,
    deliveries: {
      queue: new SqliteInputQueue(file, { queue, clock: Date }),
      runner: webhookRunner(file, {
        secrets,
        rules: environment,
        serviceName: environment.serviceName,
        logger,
        clock: Date,
      }),
      concurrency: WEBHOOK_CONCURRENCY,
    },
  };
}

function secretsOf([current, previous, ...others]: readonly string[]): readonly string[] {
  if (others.length === 0) return checkSecrets(current, previous, WEBHOOK_SECRETS_VARIABLE);
  throw new ConfigurationError(
    `${WEBHOOK_SECRETS_VARIABLE} must be the current secret and, during a rotation, the previous one, separated by a space, got ${2 + others.length} of them`,
  );
}

function assertOtherQueues({ outputUrl, deadLettersUrl, ...inputs }: WorkerEnvironment): void {
  const inputUrls = inputUrlsOf(inputs);
  const urls = {
    ...Object.fromEntries(PRIORITIES.map((priority) => [INPUT_VARIABLES[priority], inputUrls[priority]])),
    COATCHECK_OUTPUT: outputUrl,
    COATCHECK_DEAD_LETTERS: deadLettersUrl,
  };
  for (const [variable, text] of Object.entries(urls)) {
    const url = URL.parse(text);
    const queue = url?.protocol === 'sqlite:' ? url.searchParams.get('queue') : null;
    if (queue === null || !RESERVED.includes(queue)) continue;
    throw new ConfigurationError(
      `${variable} can't be the queue ${queue}, where webhooks wait: choose another name than ${RESERVED.join(' and ')}`,
    );
  }
}
