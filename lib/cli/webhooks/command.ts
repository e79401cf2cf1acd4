import { Command } from 'commander';
import type { Run } from '../run.ts';
import { listWebhooksCommand } from './list.ts';
import { replayCommand } from './replay.ts';

/** `coatcheck webhooks`: what is done about webhooks that were given up, or are to be sent again. */
export function webhooksCommand(run: Run): Command {
  return new Command('webhooks')
    .description('See webhooks that were given up, and send webhooks again.')
    .addCommand(listWebhooksCommand(run))
    .addCommand(replayCommand(run));
}
