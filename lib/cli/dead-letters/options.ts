import type { Command } from 'commander';
import { readCount, readFailureGroup, readPast } from '../quantities.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';
import { metadataOption } from '../submit/options.ts';
import type { DeadLetterFilter } from './filter.ts';

/** Options of every command that walks through the dead letters. */
export interface DeadLetterOptions extends DeploymentOptions {
  readonly json?: true;
}

/** Options of commands that select dead letters. */
export interface DeadLetterFilterOptions extends DeadLetterOptions {
  readonly code?: string;
  readonly failureGroup?: string;
  readonly tenant?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly since?: Date;
  readonly until?: Date;
  readonly limit?: number;
}

/** Options of `redrive`. */
export interface ActionOptions extends DeadLetterFilterOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Declares the options of every command. */
export function addDeadLetterOptions(command: Command): Command {
  return addDeploymentOptions(command).addOption(jsonOption());
}

/** Declares the options that select dead letters. */
export function addDeadLetterFilterOptions(command: Command): Command {
  const readTime = readPast(Date.now());
  command
    .option('--code <code>', 'only those with this error, as list shows it')
    .option('--failure-group <id>', 'only those of this group, see coatcheck failures', readFailureGroup)
    .option('--tenant <tenant>', 'only those of this tenant')
    .addOption(metadataOption('only those with this metadata; can be repeated'))
    .option('--since <time>', 'only those that failed since then, for example 2h (2 hours ago)', readTime)
    .option(
      '--until <time>',
      'only those that failed before then, for example 2026-01-31T12:00:00Z',
      readTime,
    )
    .option('--limit <n>', 'at most n', readCount);
  return addDeadLetterOptions(command);
}

/** Declares the options of `redrive`. */
export function addActionOptions(command: Command): Command {
  command
    .option('--dry-run', 'print what would be done, and do nothing')
    .option('-y, --yes', "don't ask for confirmation (required without a terminal)");
  return addDeadLetterFilterOptions(command);
}

/** The filter that the options describe. */
export function filterOf(
  { code, failureGroup, tenant, metadata, since, until }: DeadLetterFilterOptions,
  ids: readonly string[] = [],
): DeadLetterFilter {
  return { code, failureGroup, tenant, metadata, since, until, ids };
}
