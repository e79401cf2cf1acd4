import { type Command, Option } from 'commander';
import { DEFAULT_CONCURRENCY } from '../../consumer/options.ts';
import { readCount, readUrl } from '../quantities.ts';
import { addDeploymentOptions, type DeploymentOptions, jsonOption } from '../service-options.ts';

/** What was said on the command line, read. */
export interface ConsumeOptions extends DeploymentOptions {
  readonly queue?: string;
  readonly max?: number;
  readonly concurrency: number;
  readonly exec?: string;
  readonly json?: true;
}

/** Declares the options of `consume`. */
export function addConsumeOptions(command: Command): Command {
  command
    .option('--max <n>', 'end after so many outcomes (default: go on until Ctrl-C)', readCount)
    .option('--concurrency <n>', 'outcomes at a time', readCount, DEFAULT_CONCURRENCY)
    .option('--exec <command>', 'run it for each outcome, with the result on its standard input');
  return addDeploymentOptions(command)
    .addOption(
      new Option('--queue <url>', "the output queue's URL")
        .argParser(readUrl)
        .conflicts(['stack', 'service']),
    )
    .addOption(jsonOption());
}
