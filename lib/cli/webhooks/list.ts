import { Command } from 'commander';
import { formatCount } from '../../terminal/format.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { findDeployment } from '../deployment.ts';
import type { Run } from '../run.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';
import { cellsOf, HEADER, resourceOf } from './dead-webhook.ts';
import { addFilterOptions, type FilterOptions } from './options.ts';

const EXAMPLES = `
Webhooks are hidden from others while the queue is gone through.

Examples:
  coatcheck webhooks list
  coatcheck webhooks list --host example.com --since 2d --json | jq -r .request`;

interface ListOptions extends FilterOptions, DeploymentOptions {
  readonly json?: true;
}

/** `coatcheck webhooks list`: webhooks that were given up. */
export function listWebhooksCommand(run: Run): Command {
  const command = new Command('list')
    .description('List webhooks that were given up.')
    .addHelpText('after', EXAMPLES);
  return addDeploymentOptions(addFilterOptions(command))
    .addOption(jsonOption())
    .action((options: ListOptions) => listWebhooks(options, run));
}

async function listWebhooks(options: ListOptions, { signal }: Run): Promise<void> {
  const deployment = await findDeployment({ ...options, signal, note });
  const { webhookService, webhooksIn } = await import('./service.ts');
  const { deadLetters } = await webhookService(deployment);
  const { json, request, host, since, until, limit } = options;
  const walk = { request, host, since, until, limit, perSecond: Number.POSITIVE_INFINITY, signal };
  const rows: string[][] = [];
  let count = 0;
  for await (const { meant } of webhooksIn(deadLetters, walk)) {
    for (const webhook of meant) {
      count++;
      if (json) await printJson(resourceOf(webhook));
      else if (isForPeople({ json })) rows.push(cellsOf(webhook));
      else await printCells(cellsOf(webhook));
    }
  }
  printRows(HEADER, rows, ['attempts', 'since', 'event', 'host', 'request']);
  note(count === 0 ? 'no webhooks were given up' : `${formatCount(count)} in all`);
}
