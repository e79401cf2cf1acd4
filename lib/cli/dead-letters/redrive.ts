import { Command } from 'commander';
import { SQS_MAX_BATCH_ENTRIES } from '../../core/config/aws-limits.ts';
import { canAsk } from '../../terminal/confirm.ts';
import { note } from '../../terminal/output.ts';
import { findDeployment } from '../deployment.ts';
import { readRate } from '../quantities.ts';
import type { Run } from '../run.ts';
import { TokenBucket } from '../token-bucket.ts';
import { addChoreOptions, type ChoreOptions } from './options.ts';
import { Redriving } from './redriving.ts';
import { sweep } from './sweep.ts';

const EXAMPLES = `
Requests are run again under their tickets, with all their attempts. What has succeeded meanwhile isn't. Ctrl-C stops it
between two letters.

Examples:
  coatcheck dead-letters redrive --dry-run
  coatcheck dead-letters redrive --since 2h --code ServiceUnavailable
  coatcheck dead-letters redrive --yes --rate 5/s
  coatcheck dead-letters redrive 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d`;

const DEFAULT_PER_SECOND = 50;

interface RedriveOptions extends ChoreOptions {
  readonly rate?: number;
}

/** `coatcheck dead-letters redrive`: puts letters back. */
export function redriveCommand(run: Run): Command {
  const command = new Command('redrive')
    .description('Put requests that were given up back into the input queue.')
    .argument('[ids...]', 'their tickets, or the ids of their messages (default: all)')
    .option('--rate <rate>', `most of them in a time (default: ${DEFAULT_PER_SECOND}/s)`, readRate)
    .addHelpText('after', EXAMPLES);
  return addChoreOptions(command).action(async (ids: string[], options: RedriveOptions) => {
    const { dryRun, yes, rate = DEFAULT_PER_SECOND } = options;
    if (!dryRun && !yes && !canAsk())
      command.error('error: no terminal to ask for confirmation: give --yes or --dry-run');
    const deployment = await findDeployment({ ...options, signal: run.signal, note });
    const { letterService } = await import('./service.ts');
    const service = await letterService(deployment);
    // Fewer at a time than a call takes, where more would wait long for their turn.
    const atOnce = Math.max(1, Math.min(SQS_MAX_BATCH_ENTRIES, Math.floor(rate)));
    const bucket = new TokenBucket(rate, atOnce);
    const chore = new Redriving({ ...service, bucket });
    await sweep(service, { doing: 'putting back', chore, perSecond: rate, ids, options }, run);
  });
}
