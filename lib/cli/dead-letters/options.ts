import type { Command } from 'commander';
import { readCount, readPast } from '../quantities.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';
import type { LetterFilter } from './letter-filter.ts';

/** Of every command that goes through the dead letters. */
export interface LetterOptions extends DeploymentOptions {
  readonly json?: true;
}

/** Of commands that deal with many letters. */
export interface FilterOptions extends LetterOptions {
  readonly code?: string;
  readonly tenant?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly limit?: number;
}

/** Of commands that take letters away. */
export interface ChoreOptions extends FilterOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Declares what every command has. */
export function addLetterOptions(command: Command): Command {
  return addDeploymentOptions(command).addOption(jsonOption());
}

/** Declares what says which letters are meant. */
export function addFilterOptions(command: Command): Command {
  const readTime = readPast(Date.now());
  command
    .option('--code <code>', 'only those with this code: what list shows as their error')
    .option('--tenant <tenant>', 'only those of this tenant')
    .option('--since <time>', 'only those that failed since, for example 2h ago: 2h', readTime)
    .option('--until <time>', 'only those that failed before, for example 2026-01-31T12:00:00Z', readTime)
    .option('--limit <n>', 'most of them', readCount);
  return addLetterOptions(command);
}

/** Declares the options of commands that take letters away. */
export function addChoreOptions(command: Command): Command {
  command
    .option('--dry-run', 'only say what would be done')
    .option('-y, --yes', "don't ask for confirmation: needed without a terminal");
  return addFilterOptions(command);
}

/** What the options say about which letters are meant. */
export function filterOf(
  { code, tenant, since, until }: FilterOptions,
  ids: readonly string[] = [],
): LetterFilter {
  return { code, tenant, since, until, ids };
}
