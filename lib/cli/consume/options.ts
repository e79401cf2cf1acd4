import { type Command, Option } from 'commander';
import { DEFAULT_CONCURRENCY } from '../../consumer/options.ts';
import { readCount, readUrl } from '../quantities.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';

/** Options of `consume`. */
export interface ConsumeCommandOptions extends DeploymentOptions {
  readonly queue?: string;
  readonly subscription?: string;
  readonly max?: number;
  readonly concurrency: number;
  readonly exec?: string;
  readonly json?: true;
}

/** Declares the options of `consume`. */
export function addConsumeOptions(command: Command): Command {
  command
    .option('--max <n>', 'stop after n outcomes (default: run until Ctrl-C)', readCount)
    .option('--concurrency <n>', 'outcomes handled concurrently', readCount, DEFAULT_CONCURRENCY)
    .option(
      '--exec <command>',
      'shell command to run for each outcome, with the result on its standard input',
    );
  return addDeploymentOptions(command)
    .addOption(
      new Option(
        '--subscription <path>',
        'OutcomeSubscription to consume instead of the output queue: the path of its construct',
      ).conflicts(['service', 'queue']),
    )
    .addOption(
      new Option('--queue <url>', 'URL of the output queue')
        .argParser(readUrl)
        .conflicts(['stack', 'service']),
    )
    .addOption(jsonOption());
}
