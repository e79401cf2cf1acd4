import { Command } from 'commander';
import { formatCount } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import {
  addDeletionOptions,
  assertConfirmable,
  type DeletionOptions,
  isDeletionConfirmed,
} from '../confirm-deletion.ts';
import { EXIT } from '../exit-status.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';
import { addWebhookFilterOptions, type WebhookFilterOptions } from './options.ts';

const EXAMPLES = `
A webhook that is deleted is given up: its request says so, and its receiver never gets it. Ctrl-C stops after the current webhooks.

Examples:
  npx coatcheck webhooks purge --dry-run
  npx coatcheck webhooks purge --host old.example.com
  npx coatcheck webhooks purge --host old.example.com --count 312`;

interface PurgeOptions extends WebhookFilterOptions, DeploymentOptions, DeletionOptions {
  readonly json?: true;
}

/** `coatcheck webhooks purge`: deletes dead-lettered webhooks. */
export function purgeWebhooksCommand(run: Run): Command {
  const command = new Command('purge')
    .description('Delete dead-lettered webhooks.')
    .addHelpText('after', EXAMPLES);
  return addDeploymentOptions(addWebhookFilterOptions(addDeletionOptions(command)))
    .addOption(jsonOption())
    .action((options: PurgeOptions) => {
      assertConfirmable(command, options);
      return purgeDeadLetters(options, run);
    });
}

async function purgeDeadLetters(options: PurgeOptions, { signal, exit }: Run): Promise<void> {
  const { dryRun, request, host, since, until, limit } = options;
  const [{ openWebhookService }, { eachBatch, printHandled }, { purgeWebhooks }] = await Promise.all([
    import('./service.ts'),
    import('./each-batch.ts'),
    import('./purge-webhooks.ts'),
  ]);
  await using service = await openWebhookService(options, signal);
  const walk = { request, host, since, until, limit, perSecond: Number.POSITIVE_INFINITY, signal };
  let found = 0;
  await eachBatch(service, walk, 'reading the webhooks', async (webhooks) => {
    found += webhooks.length;
    if (dryRun) for (const webhook of webhooks) await printHandled({ webhook, result: 'deleted' }, options);
  });
  note(`would be deleted: ${formatCount(found)}`);
  if (dryRun || !(await isDeletionConfirmed(found, 'webhooks', options, signal))) return;
  let count = 0;
  // None but those that were counted, however many have come since.
  await eachBatch(service, { ...walk, limit: found }, 'deleting', async (webhooks) => {
    for (const purged of await purgeWebhooks(webhooks, service, Date.now())) {
      const { webhook, result, problem } = purged;
      if (result === 'deleted') count++;
      if (problem !== undefined) {
        ProgressBoard.aside(() => reportError(problem, webhook.message.id));
        exit.add(EXIT.error);
      }
      await printHandled(purged, options);
    }
  }).finally(() => note(`deleted: ${formatCount(count)}`));
}
