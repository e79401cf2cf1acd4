import { Command } from 'commander';
import type { Run } from '../run.ts';
import { endpointsCommand } from './endpoints/command.ts';
import { listWebhooksCommand } from './list.ts';
import { purgeWebhooksCommand } from './purge.ts';
import { replayCommand } from './replay.ts';

/** `coatcheck webhooks`: lists and deletes dead-lettered webhooks, sends webhooks again and manages their endpoints. */
export function webhooksCommand(run: Run): Command {
  return new Command('webhooks')
    .description('List dead-lettered webhooks, send webhooks again, delete them, and manage endpoints.')
    .addCommand(listWebhooksCommand(run))
    .addCommand(replayCommand(run))
    .addCommand(purgeWebhooksCommand(run))
    .addCommand(endpointsCommand(run));
}
