import { Command } from 'commander';
import type { Run } from '../run.ts';
import { listWebhooksCommand } from './list.ts';
import { replayCommand } from './replay.ts';

/** `coatcheck webhooks`: lists dead-lettered webhooks and sends webhooks again. */
export function webhooksCommand(run: Run): Command {
  return new Command('webhooks')
    .description('List dead-lettered webhooks, and send webhooks again.')
    .addCommand(listWebhooksCommand(run))
    .addCommand(replayCommand(run));
}
