import { Command } from 'commander';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';
import { WEBHOOK_HEADER, webhookCells, webhookResource } from './dead-webhook.ts';
import { addWebhookFilterOptions, type WebhookFilterOptions } from './options.ts';

const EXAMPLES = `
While the command walks through the queue, its messages are invisible to other consumers.

Examples:
  npx coatcheck webhooks list
  npx coatcheck webhooks list --host example.com --since 2d --json | jq -r .request`;

interface ListOptions extends WebhookFilterOptions, DeploymentOptions {
  readonly json?: true;
}

/** `coatcheck webhooks list`: lists dead-lettered webhooks. */
export function listWebhooksCommand(run: Run): Command {
  const command = new Command('list')
    .description('List dead-lettered webhooks.')
    .addHelpText('after', EXAMPLES);
  return addDeploymentOptions(addWebhookFilterOptions(command))
    .addOption(jsonOption())
    .action((options: ListOptions) => listWebhooks(options, run));
}

async function listWebhooks(options: ListOptions, { signal }: Run): Promise<void> {
  const { openWebhookService, walkWebhooks } = await import('./service.ts');
  await using service = await openWebhookService(options, signal);
  const { json, request, host, since, until, limit } = options;
  const walk = { request, host, since, until, limit, perSecond: Number.POSITIVE_INFINITY, signal };
  const rows: string[][] = [];
  let count = 0;
  for await (const { matching } of walkWebhooks(service.deadLetters, walk)) {
    for (const webhook of matching) {
      count++;
      if (json) await printJson(webhookResource(webhook));
      else if (isForPeople({ json })) rows.push(webhookCells(webhook));
      else await printCells(webhookCells(webhook));
    }
  }
  printRows(WEBHOOK_HEADER, rows, ['attempts', 'since', 'event', 'host', 'request']);
  note(count === 0 ? 'no dead-lettered webhooks' : `${formatCount(count)} in all`);
}
