import { Command } from 'commander';
import {
  OUTBOX_STATUS_PORT,
  outboxVariableNames,
  readOutboxEnvironment,
} from '../../core/config/outbox-environment.ts';
import { loadEnvFile, warnOfUnknownVariables } from '../env-file.ts';
import { readText } from '../quantities.ts';
import type { Run } from '../run.ts';
import { addPlaceOptions, type PlaceOptions, placed } from './place.ts';

const EXAMPLES = `
The settings are environment variables, or in the same form in a file. Options win over variables, variables over the file.

  COATCHECK_OUTBOX                    URL of the database, as pg reads it, with sslmode and so on, or sqlite:file (required)
  COATCHECK_OUTBOX_TABLE              name of the table, maybe with its schema (default: outbox)
  COATCHECK_OUTBOX_TO                 URL of the queue of requests, in the form of COATCHECK_OUTPUT of a worker, or of the
                                      HTTP API of a service (required)
  COATCHECK_OUTBOX_TO_HIGH, …_LOW     URLs of queues of requests of high and of low priority
  COATCHECK_ORDER                     fifo: the requests of an aggregate are relayed in order (default: none)
  COATCHECK_PAYLOADS                  s3://bucket or file:directory, for requests that are too large for the queue
  COATCHECK_TOKEN                     token for the HTTP API, unless it takes AWS credentials
  COATCHECK_STATUS_PORT               port of /health, /ready and /metrics (default: ${OUTBOX_STATUS_PORT})

Several relays can share a table. A relay waits for a SQLite file that isn't there yet. SIGTERM stops it after the batch it has
begun, or within 10 seconds while an API doesn't answer.

Examples:
  npx coatcheck outbox relay --from postgres://app@db.internal/shop --to 'amqp://rabbit.internal/?queue=requests'
  npx coatcheck outbox relay --from postgres://app@db.internal/shop --to https://requests.example.com
  npx coatcheck outbox relay --from sqlite:data/app.db --to https://requests.example.com
  npx coatcheck outbox relay --env-file outbox.env`;

interface RelayOptions extends PlaceOptions {
  readonly to?: string;
  readonly envFile?: string;
}

/** `coatcheck outbox relay`: relays until it is stopped. */
export function relayCommand({ signal }: Run): Command {
  const command = new Command('relay').description(
    'Relay committed rows to a queue or to the HTTP API of a service, until it is stopped.',
  );
  return addPlaceOptions(command)
    .option('--to <url>', 'queue of requests, or HTTP API of a service; or COATCHECK_OUTBOX_TO', readText)
    .option('--env-file <file>', 'file with variables, one NAME=value per line')
    .addHelpText('after', EXAMPLES)
    .action(async ({ to, envFile, ...place }: RelayOptions) => {
      const known = outboxVariableNames();
      if (envFile !== undefined) await loadEnvFile(envFile, known);
      warnOfUnknownVariables(known);
      const environment = readOutboxEnvironment({
        ...placed(place),
        ...(to !== undefined && { COATCHECK_OUTBOX_TO: to }),
      });
      const { runRelay } = await import('./run-relay.ts');
      await runRelay(environment, signal);
    });
}
