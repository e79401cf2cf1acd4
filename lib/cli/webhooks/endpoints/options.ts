import { type Command, Option } from 'commander';
import type { WebhookEvent } from '../../../client/index.ts';
import { WEBHOOK_EVENTS } from '../../../core/config/settings.ts';
import type { ServiceOptions } from '../../service-options.ts';

/** What an endpoint gets. */
export interface EndpointOptions extends ServiceOptions {
  readonly event?: readonly WebhookEvent[];
  readonly topic?: readonly string[];
  readonly description?: string;
}

/** Declares the options of what an endpoint gets. */
export function addEndpointOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--event <event...>',
        'events to send; for a new endpoint, those of the service by default',
      ).choices(WEBHOOK_EVENTS),
    )
    .option(
      '--topic <pattern...>',
      "topics of the requests, for example 'images.*'; for a new endpoint, all by default",
    )
    .option('--description <text>', 'description for people');
}
