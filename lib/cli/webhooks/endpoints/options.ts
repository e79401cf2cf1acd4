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
      new Option('--event <event...>', 'the events that it gets (default: those of the service)').choices(
        WEBHOOK_EVENTS,
      ),
    )
    .option('--topic <pattern...>', "topics whose requests it gets, for example 'images.*' (default: all)")
    .option('--description <text>', 'what it is, for people');
}
