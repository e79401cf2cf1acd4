import { Command } from 'commander';
import { SQS_MAX_BATCH_ENTRIES } from '../../core/config/aws-limits.ts';
import { canAsk, confirm } from '../../terminal/confirm.ts';
import { formatCount, formatProgress } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { findDeployment } from '../deployment.ts';
import { eachRequest } from '../each-request.ts';
import { EXIT } from '../exit-status.ts';
import { readRate } from '../quantities.ts';
import { reportError } from '../report-error.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, type RequestOptions } from '../service-options.ts';
import { TokenBucket } from '../token-bucket.ts';
import { type DeadWebhook, resourceOf } from './dead-webhook.ts';
import { addFilterOptions, type FilterOptions } from './options.ts';
import type { Replayed } from './replaying.ts';
import type { WebhookService } from './service.ts';

const EXAMPLES = `
Each is sent under the id it had, with all its attempts: without tickets those that were given up, with tickets those of
these requests, whether they were delivered or not. Ctrl-C stops it between two of them.

Examples:
  coatcheck webhooks replay --dry-run
  coatcheck webhooks replay --host example.com --since 2d --rate 5/s
  coatcheck webhooks replay 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d`;

const DEFAULT_PER_SECOND = 50;

interface ReplayOptions extends RequestOptions, FilterOptions {
  readonly rate?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** `coatcheck webhooks replay`: sends webhooks again. */
export function replayCommand(run: Run): Command {
  const command = new Command('replay')
    .description('Send webhooks again: those that were given up, or those of requests.')
    .argument('[ids...]', 'tickets of requests that have ended')
    .option('--rate <rate>', `most of them in a time (default: ${DEFAULT_PER_SECOND}/s)`, readRate)
    .option('--dry-run', 'only say what would be done')
    .option('-y, --yes', "don't ask for confirmation: needed without a terminal")
    .addHelpText('after', EXAMPLES);
  return addRequestOptions(addFilterOptions(command)).action((ids: string[], options: ReplayOptions) => {
    if (ids.length > 0) return replayOf(ids, options, run);
    if (!options.dryRun && !options.yes && !canAsk())
      command.error('error: no terminal to ask for confirmation: give --yes or --dry-run');
    return replayGivenUp(options, run);
  });
}

function replayOf(ids: readonly string[], options: ReplayOptions, run: Run): Promise<void> {
  return withService(options, run.signal, async (client) => {
    const { source, json } = options;
    const ask = (id: string) => client.repeatWebhook(id, { source, signal: run.signal });
    await printRequests(await eachRequest(ids, run, ask), { json, detailed: true });
  });
}

async function replayGivenUp(options: ReplayOptions, run: Run): Promise<void> {
  const { signal } = run;
  const { dryRun, yes, rate = DEFAULT_PER_SECOND } = options;
  const deployment = await findDeployment({ ...options, signal, note });
  const [{ webhookService }, { replay }] = await Promise.all([
    import('./service.ts'),
    import('./replaying.ts'),
  ]);
  const service = await webhookService(deployment);
  if (!yes || dryRun) {
    let count = 0;
    await eachBatch(service, options, run, 'looking through the webhooks', async (webhooks) => {
      count += webhooks.filter(({ content }) => content).length;
      if (!dryRun) return;
      for (const webhook of webhooks)
        await print({ webhook, result: webhook.content ? 'put_back' : 'unreadable' }, options);
    });
    note(`would be put back: ${formatCount(count)}`);
    if (dryRun || count === 0 || !(await confirm('Go on?', signal))) return;
  }
  // Fewer at a time than a call takes, where more would wait long for their turn.
  const bucket = new TokenBucket(rate, Math.max(1, Math.min(SQS_MAX_BATCH_ENTRIES, Math.floor(rate))));
  let count = 0;
  await eachBatch(service, options, run, 'putting back', async (webhooks, board) => {
    for await (const replayed of replay(webhooks, service, bucket, signal)) {
      const { webhook, result, problem } = replayed;
      if (result === 'put_back') count++;
      if (problem !== undefined || result !== 'put_back') {
        board.aside(() => reportError(problem ?? 'it is no webhook', webhook.message.id));
        run.exit.add(EXIT.error);
      }
      await print(replayed, options);
    }
  }).finally(() => note(`put back: ${formatCount(count)}`));
}

/** Goes through the webhooks that are meant once. */
async function eachBatch(
  { deadLetters }: WebhookService,
  { request, host, since, until, limit, rate = DEFAULT_PER_SECOND }: ReplayOptions,
  { signal }: Run,
  doing: string,
  work: (webhooks: readonly DeadWebhook[], board: ProgressBoard) => Promise<void>,
): Promise<void> {
  const { webhooksIn } = await import('./service.ts');
  using board = new ProgressBoard();
  const progress = board.begin(doing);
  const total = await deadLetters.count();
  const walk = { request, host, since, until, limit, perSecond: rate, signal };
  let done = 0;
  for await (const { passed, meant } of webhooksIn(deadLetters, walk)) {
    await work(meant, board);
    done += passed;
    progress.note(formatProgress(done, Math.max(total, done), formatCount));
  }
}

/** A line a webhook for programs; people are told in the end. */
async function print({ webhook, result }: Replayed, { json }: ReplayOptions): Promise<void> {
  const resource = resourceOf(webhook);
  if (json) await printJson({ ...resource, result });
  else if (!isForPeople({ json }))
    await printCells([resource.id ?? resource.messageId, resource.request ?? '', result]);
}
