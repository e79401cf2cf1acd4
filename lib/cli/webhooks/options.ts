import type { Command } from 'commander';
import { readCount, readPast } from '../quantities.ts';
import type { WebhookFilter } from './dead-webhook.ts';

/** Options that select dead-lettered webhooks. */
export interface WebhookFilterOptions extends WebhookFilter {
  /** Most webhooks. */
  readonly limit?: number;
  /** The SQLite file of a worker's records. */
  readonly file?: string;
}

/** Declares the options that select dead-lettered webhooks. */
export function addWebhookFilterOptions(command: Command): Command {
  const readTime = readPast(Date.now());
  return command
    .option('--request <id>', 'only the webhook of this request')
    .option('--host <host>', 'only those for this host')
    .option('--since <time>', 'only those dead-lettered since then, for example 2h (2 hours ago)', readTime)
    .option(
      '--until <time>',
      'only those dead-lettered before then, for example 2026-01-31T12:00:00Z',
      readTime,
    )
    .option('--limit <n>', 'at most n', readCount)
    .option(
      '--file <file>',
      'the webhooks of workers with records in this SQLite file (default: those of a service)',
    );
}
