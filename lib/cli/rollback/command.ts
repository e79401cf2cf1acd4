import { Command, InvalidArgumentError } from 'commander';
import { canAsk } from '../../terminal/confirm.ts';
import type { Run } from '../run.ts';
import { addDeploymentOptions, jsonOption } from '../service-options.ts';
import type { RollbackOptions } from './run-rollback.ts';

const EXAMPLES = `
For a service with the prop release. While CodeDeploy moves traffic to a new version, stops its deployment, and CodeDeploy
moves all traffic back. Otherwise points the alias at the version before, or at that of --to.

Examples:
  npx coatcheck rollback --dry-run
  npx coatcheck rollback --stack Shop --service Orders
  npx coatcheck rollback --to 41 --yes`;

/** `coatcheck rollback`: moves all traffic to an earlier version. */
export function rollbackCommand(run: Run): Command {
  const command = new Command('rollback')
    .description('Roll back to an earlier version of the processor.')
    .option('--to <version>', 'number of a published version (default: the one before)', readVersion)
    .option('--dry-run', 'print what would be done, and do nothing')
    .option('-y, --yes', "don't ask for confirmation (required without a terminal)")
    .addHelpText('after', EXAMPLES);
  return addDeploymentOptions(command)
    .addOption(jsonOption())
    .action(async (options: RollbackOptions) => {
      const { dryRun, yes } = options;
      if (!dryRun && !yes && !canAsk())
        command.error('error: no terminal to ask for confirmation; pass --yes or --dry-run');
      const { runRollback } = await import('./run-rollback.ts');
      await runRollback(options, run);
    });
}

/** `41` → itself */
function readVersion(text: string): string {
  if (/^[1-9]\d*$/.test(text)) return text;
  throw new InvalidArgumentError("It must be the number of a function's version, for example 41.");
}
