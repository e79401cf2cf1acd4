import { Command } from 'commander';
import { formatCount } from '../../../terminal/format.ts';
import { isForPeople, printCells, printJson, printRows } from '../../../terminal/output.ts';
import { ProgressBoard } from '../../../terminal/progress-board.ts';
import { readPast } from '../../quantities.ts';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions, type ServiceOptions } from '../../service-options.ts';

const EXAMPLES = `
The times are those at which requests were submitted. Each outcome keeps its webhook-id.

Examples:
  npx coatcheck webhooks endpoints replay 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --since 2d --dry-run
  npx coatcheck webhooks endpoints replay 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --since 2026-01-31T12:00:00Z --until 2h`;

interface ReplayOptions extends ServiceOptions {
  readonly since: Date;
  readonly until?: Date;
  readonly dryRun?: true;
}

/** `coatcheck webhooks endpoints replay`: sends outcomes to an endpoint again. */
export function replayEndpointCommand(run: Run): Command {
  const readTime = readPast(Date.now());
  const command = new Command('replay')
    .description(
      'Send the outcomes of a time window to an endpoint again. Prints how many were sent, and how many requests were examined.',
    )
    .argument('<id>', 'id of the endpoint')
    .requiredOption('--since <time>', 'requests submitted since then, for example 2h (2 hours ago)', readTime)
    .option('--until <time>', 'requests submitted before then (default: now)', readTime)
    .option('--dry-run', 'count what would be sent, and send nothing')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((id: string, options: ReplayOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      // Fixed, so that requests that are submitted meanwhile aren't sent twice.
      const { since: from, until: to = new Date(), dryRun } = options;
      const window = { from, to, dryRun };
      using board = new ProgressBoard();
      const progress = board.begin(dryRun ? 'counting' : 'sending');
      let [sent, examined] = [0, 0];
      let cursor: string | undefined;
      do {
        const page = await webhookEndpoints.replay(id, { ...window, cursor, signal: run.signal });
        sent += page.sent;
        examined += page.examined;
        cursor = page.next;
        progress.note(`${formatCount(sent)} of ${formatCount(examined)} requests`);
      } while (cursor !== undefined);
      if (options.json) return printJson({ sent, examined });
      const cells = [String(sent), String(examined)];
      return isForPeople(options) ? printRows(['sent', 'examined'], [cells], []) : printCells(cells);
    }),
  );
}
