import { Command } from 'commander';
import { ConfigurationError } from '../../core/base/errors.ts';
import { canAsk, confirmCount } from '../../terminal/confirm.ts';
import { formatCount } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT } from '../exit-status.ts';
import { readCount } from '../quantities.ts';
import { reportError } from '../report-error.ts';
import type { Run } from '../run.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';
import { addWebhookFilterOptions, type WebhookFilterOptions } from './options.ts';

const EXAMPLES = `
A webhook that is deleted is given up: its request says so, and its receiver never gets it. Ctrl-C stops after the current webhooks.

Examples:
  coatcheck webhooks purge --dry-run
  coatcheck webhooks purge --host old.example.com
  coatcheck webhooks purge --host old.example.com --count 312`;

interface PurgeOptions extends WebhookFilterOptions, DeploymentOptions {
  readonly json?: true;
  readonly dryRun?: true;
  readonly count?: number;
}

/** `coatcheck webhooks purge`: deletes dead-lettered webhooks. */
export function purgeWebhooksCommand(run: Run): Command {
  const command = new Command('purge')
    .description('Delete dead-lettered webhooks.')
    .option('--dry-run', 'print what would be deleted, and do nothing')
    .option(
      '--count <n>',
      'how many it deletes, instead of typing that (required without a terminal)',
      readCount,
    )
    .addHelpText('after', EXAMPLES);
  return addDeploymentOptions(addWebhookFilterOptions(command))
    .addOption(jsonOption())
    .action((options: PurgeOptions) => {
      if (!options.dryRun && options.count === undefined && !canAsk()) {
        command.error('error: no terminal to ask for confirmation; pass --count with what --dry-run shows');
      }
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
  if (dryRun || !(await isConfirmed(found, options, signal))) return;
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

/** @throws ConfigurationError if the option names another count */
async function isConfirmed(found: number, { count }: PurgeOptions, signal: AbortSignal): Promise<boolean> {
  if (count !== undefined && count !== found) {
    throw new ConfigurationError(
      `--count must be the number of webhooks that match, ${found} now, got ${count}: nothing was deleted`,
    );
  }
  if (count !== undefined || found === 0) return found > 0;
  const isTyped = await confirmCount(`Type ${formatCount(found)} to delete them:`, found, signal);
  if (!isTyped) note('nothing was deleted');
  return isTyped;
}
