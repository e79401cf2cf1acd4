import { Command } from 'commander';
import { SQS_MAX_BATCH_ENTRIES } from '../../core/config/aws-limits.ts';
import { canAsk, confirm } from '../../terminal/confirm.ts';
import { formatCount } from '../../terminal/format.ts';
import { note } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { eachRequest } from '../each-request.ts';
import { EXIT } from '../exit-status.ts';
import { readRate } from '../quantities.ts';
import { reportError } from '../report-error.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, addTenantOption, type TenantCommandOptions } from '../service-options.ts';
import { TokenBucket } from '../token-bucket.ts';
import { addWebhookFilterOptions, type WebhookFilterOptions } from './options.ts';

const EXAMPLES = `
Each webhook keeps its id and gets all its attempts again. Without tickets, replays the dead-lettered webhooks; with
tickets, the webhooks of those requests, delivered or not. Ctrl-C stops after the current webhook.

Examples:
  npx coatcheck webhooks replay --dry-run
  npx coatcheck webhooks replay --host example.com --since 2d --rate 5/s
  npx coatcheck webhooks replay --file .coatcheck/records.db
  npx coatcheck webhooks replay 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d`;

const DEFAULT_PER_SECOND = 50;

interface ReplayOptions extends TenantCommandOptions, WebhookFilterOptions {
  readonly rate?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** `coatcheck webhooks replay`: sends webhooks again. */
export function replayCommand(run: Run): Command {
  const command = new Command('replay')
    .description('Send webhooks again: the dead-lettered ones, or those of given requests.')
    .argument('[ids...]', 'tickets of requests that have ended')
    .option('--rate <rate>', `maximum rate, for example 5/s (default: ${DEFAULT_PER_SECOND}/s)`, readRate)
    .option('--dry-run', 'print what would be done, and do nothing')
    .option('-y, --yes', "don't ask for confirmation (required without a terminal)")
    .addHelpText('after', EXAMPLES);
  return addTenantOption(addRequestOptions(addWebhookFilterOptions(command))).action(
    (ids: string[], options: ReplayOptions) => {
      if (ids.length > 0 && options.file !== undefined)
        command.error('error: --file takes no tickets: workers have no HTTP API');
      if (ids.length > 0) return replayRequests(ids, options, run);
      if (options.tenant !== undefined) command.error('error: --tenant needs tickets');
      if (!options.dryRun && !options.yes && !canAsk())
        command.error('error: no terminal to ask for confirmation; pass --yes or --dry-run');
      return replayDeadLetters(options, run);
    },
  );
}

function replayRequests(ids: readonly string[], options: ReplayOptions, run: Run): Promise<void> {
  return withService(options, run.signal, async (client) => {
    const { source, tenant, json } = options;
    const ask = (id: string) => client.repeatWebhook(id, { source, tenant, signal: run.signal });
    await printRequests(await eachRequest(ids, run, ask), { json, detailed: true });
  });
}

async function replayDeadLetters(options: ReplayOptions, run: Run): Promise<void> {
  const { signal } = run;
  const { dryRun, yes, rate = DEFAULT_PER_SECOND, request, host, since, until, limit } = options;
  const [{ openWebhookService }, { eachBatch, printHandled }, { replayWebhooks }] = await Promise.all([
    import('./service.ts'),
    import('./each-batch.ts'),
    import('./replay-webhooks.ts'),
  ]);
  await using service = await openWebhookService(options, signal);
  const walk = { request, host, since, until, limit, perSecond: rate, signal };
  if (!yes || dryRun) {
    let count = 0;
    await eachBatch(service, walk, 'reading the webhooks', async (webhooks) => {
      count += webhooks.filter(({ decoded }) => decoded).length;
      if (!dryRun) return;
      for (const webhook of webhooks)
        await printHandled({ webhook, result: webhook.decoded ? 'put_back' : 'unreadable' }, options);
    });
    note(`would be put back: ${formatCount(count)}`);
    if (dryRun || count === 0 || !(await confirm('Continue?', signal))) return;
  }
  // At low rates, a full batch would wait long for its tokens.
  const bucket = new TokenBucket(rate, Math.max(1, Math.min(SQS_MAX_BATCH_ENTRIES, Math.floor(rate))));
  let count = 0;
  await eachBatch(service, walk, 'putting back', async (webhooks) => {
    for await (const replayed of replayWebhooks(webhooks, service, bucket, signal)) {
      const { webhook, result, problem } = replayed;
      if (result === 'put_back') count++;
      if (problem !== undefined || result !== 'put_back') {
        ProgressBoard.aside(() => reportError(problem ?? "the message isn't a webhook", webhook.message.id));
        run.exit.add(EXIT.error);
      }
      await printHandled(replayed, options);
    }
  }).finally(() => note(`put back: ${formatCount(count)}`));
}
