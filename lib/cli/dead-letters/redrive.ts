import { Command } from 'commander';
import type { AliasRouting } from '../../aws/function-alias.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../../core/config/aws-limits.ts';
import { canAsk } from '../../terminal/confirm.ts';
import { note, printable } from '../../terminal/output.ts';
import { formatRouting } from '../format-routing.ts';
import { readRate } from '../quantities.ts';
import { isExpected } from '../report-error.ts';
import type { Run } from '../run.ts';
import { TokenBucket } from '../token-bucket.ts';
import { type ActionOptions, addActionOptions } from './options.ts';
import { RedriveAction } from './redrive-action.ts';
import { runAction } from './run-action.ts';
import type { DeadLetterService } from './service.ts';

const EXAMPLES = `
Requests run again under their tickets, with all attempts. Requests that have succeeded in the meantime do not.
Ctrl-C stops after the current message.

Examples:
  coatcheck dead-letters redrive --dry-run
  coatcheck dead-letters redrive --since 2h --code ServiceUnavailable
  coatcheck dead-letters redrive --yes --rate 5/s
  coatcheck dead-letters redrive 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d`;

const DEFAULT_PER_SECOND = 50;

interface RedriveOptions extends ActionOptions {
  readonly rate?: number;
}

/** `coatcheck dead-letters redrive`: puts dead letters back. */
export function redriveCommand(run: Run): Command {
  const command = new Command('redrive')
    .description('Put dead-lettered requests back into the input queue.')
    .argument('[ids...]', 'tickets, or message ids (default: all)')
    .option('--rate <rate>', `highest rate, for example 5/s (default: ${DEFAULT_PER_SECOND}/s)`, readRate)
    .addHelpText('after', EXAMPLES);
  return addActionOptions(command).action(async (ids: string[], options: RedriveOptions) => {
    const { dryRun, yes, rate = DEFAULT_PER_SECOND } = options;
    if (!dryRun && !yes && !canAsk())
      command.error('error: no terminal to ask for confirmation; pass --yes or --dry-run');
    const { openDeadLetterService } = await import('./service.ts');
    await using service = await openDeadLetterService(options, run.signal);
    // At low rates, a full batch would wait long for its tokens.
    const burst = Math.max(1, Math.min(SQS_MAX_BATCH_ENTRIES, Math.floor(rate)));
    const bucket = new TokenBucket(rate, burst);
    const action = new RedriveAction({ ...service, bucket });
    const runBy = await readRunBy(service, run.signal);
    await runAction(service, { doing: 'putting back', action, perSecond: rate, ids, options, runBy }, run);
  });
}

/** Notes which versions run what is put back. A redrive works without the right to read the alias. */
async function readRunBy(service: DeadLetterService, signal: AbortSignal): Promise<AliasRouting | undefined> {
  try {
    const versions = await service.readVersions(signal);
    if (!versions) return undefined;
    const { version, weights } = versions;
    note(`what is put back is run by ${printable(formatRouting(versions))}`);
    return { version, weights };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error && isExpected(error))) throw error;
    note(printable(`which version runs what is put back isn't known: ${error.name}: ${error.message}`));
    return undefined;
  }
}
