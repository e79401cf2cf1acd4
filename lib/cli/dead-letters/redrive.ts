import { Command, Option } from 'commander';
import type { AliasRouting } from '../../aws/function-alias.ts';
import { SQS_MAX_BATCH_ENTRIES } from '../../core/config/aws-limits.ts';
import { canAsk, confirm } from '../../terminal/confirm.ts';
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

With --rehearse, nothing is put back: each request runs as one attempt on the current version of the processor, whose result is
thrown away. The handler's own effects aren't undone: it must skip them when request.isRehearsal is true. Exits with 3 if any
would fail, and with 6 if any would continue later or didn't start.

Examples:
  npx coatcheck dead-letters redrive --dry-run
  npx coatcheck dead-letters redrive --rehearse --code TypeError --limit 100
  npx coatcheck dead-letters redrive --rehearse --yes --json | jq -r 'select(.rehearsal.result == "succeeds") | .id'
  npx coatcheck dead-letters redrive --since 2h --code ServiceUnavailable
  npx coatcheck dead-letters redrive --metadata customer=acme
  npx coatcheck dead-letters redrive --yes --rate 5/s
  npx coatcheck dead-letters redrive 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d`;

const DEFAULT_PER_SECOND = 50;

interface RedriveOptions extends ActionOptions {
  readonly rate?: number;
  readonly rehearse?: true;
  readonly processor?: string;
}

/** `coatcheck dead-letters redrive`: puts dead letters back. */
export function redriveCommand(run: Run): Command {
  const command = new Command('redrive')
    .description('Put dead-lettered requests back into the input queue.')
    .argument('[ids...]', 'tickets, or message ids (default: all)')
    .option('--rate <rate>', `maximum rate, for example 5/s (default: ${DEFAULT_PER_SECOND}/s)`, readRate)
    .addOption(
      new Option(
        '--rehearse',
        'put nothing back, but show how the requests would end on the current version',
      ).conflicts('dryRun'),
    )
    .option(
      '--processor <file>',
      'with --rehearse, for coatcheck dev and coatcheck serve: file that exports the processor as handler',
    )
    .addHelpText('after', EXAMPLES);
  return addActionOptions(command).action(async (ids: string[], options: RedriveOptions) => {
    const { dryRun, yes, rate = DEFAULT_PER_SECOND, rehearse, processor } = options;
    if (processor !== undefined && !rehearse) command.error('error: --processor needs --rehearse');
    if (!dryRun && !yes && !canAsk())
      command.error('error: no terminal to ask for confirmation; pass --yes or --dry-run');
    const { openDeadLetterService } = await import('./service.ts');
    await using service = await openDeadLetterService(options, run.signal, { isOnlyRead: rehearse });
    // At low rates, a full batch would wait long for its tokens.
    const burst = Math.max(1, Math.min(SQS_MAX_BATCH_ENTRIES, Math.floor(rate)));
    const bucket = new TokenBucket(rate, burst);
    if (rehearse) {
      const { runRehearsal } = await import('./rehearsal/run-rehearsal.ts');
      await using rehearser = await service.openRehearser(processor);
      return await runRehearsal(service, { ids, options, rehearser, bucket, perSecond: rate }, run);
    }
    const action = new RedriveAction({ ...service, bucket });
    const runBy = await readRunBy(service, run.signal);
    const approve = async (found: number) =>
      found > 0 && (await confirm('Continue?', run.signal)) ? Number.POSITIVE_INFINITY : 0;
    const plan = { doing: 'putting back', action, perSecond: rate, ids, options, runBy };
    await runAction(service, { ...plan, ...(!yes && { approve }) }, run);
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
