import type { Command } from 'commander';
import { readCount, readPast } from '../quantities.ts';
import type { WebhookFilter } from './dead-webhook.ts';

/** Which webhooks of the dead-letter queue are meant. */
export interface FilterOptions extends WebhookFilter {
  /** Most of them. */
  readonly limit?: number;
}

/** Declares what says which webhooks are meant. */
export function addFilterOptions(command: Command): Command {
  const readTime = readPast(Date.now());
  return command
    .option('--request <id>', 'only that of this request')
    .option('--host <host>', 'only those for this host')
    .option('--since <time>', 'only those given up since, for example 2h ago: 2h', readTime)
    .option('--until <time>', 'only those given up before, for example 2026-01-31T12:00:00Z', readTime)
    .option('--limit <n>', 'most of them', readCount);
}
