import { Command } from 'commander';
import { isForPeople } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { UnfinishedRequests } from '../wait/unfinished-requests.ts';
import { addSubmitOptions, type SubmitOptions, submissionOf, usageProblem } from './options.ts';
import { type PayloadFile, PayloadFiles } from './payload-files.ts';
import { printTrackedRequest, printTrackedTable } from './report.ts';
import { type SubmitContext, submitAll } from './submit-all.ts';
import { waitForAll } from './wait-for-all.ts';

const EXAMPLES = `
Examples:
  npx coatcheck submit orders.csv
  npx coatcheck submit *.csv --wait --timeout 10min -o results
  zcat orders.csv.gz | npx coatcheck submit - --content-type text/csv
  npx coatcheck submit orders.csv --metadata customer=17 --expires-in 1h
  npx coatcheck submit report.csv --in 2h`;

/** `coatcheck submit`: submits files. */
export function submitCommand(run: Run): Command {
  const command = new Command('submit')
    .description('Submit files, and print a ticket for each.')
    .argument('<files...>', 'files to submit; - is standard input')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addSubmitOptions(command).action(async (paths: string[], options: SubmitOptions) => {
    const problem = usageProblem(paths, options);
    if (problem !== undefined) command.error(`error: ${problem}`);
    await using payloads = new PayloadFiles(run.signal);
    const files: PayloadFile[] = [];
    for (const path of paths) files.push(await payloads.open(path));
    const unfinished = new UnfinishedRequests(options);
    try {
      await withService(options, run.signal, async (client) => {
        using board = new ProgressBoard();
        await submit(files, options, { client, run, board }, unfinished);
      });
    } catch (error) {
      // An invalid option.
      if (error instanceof RangeError) command.error(`error: ${error.message}`);
      throw error;
    } finally {
      if (options.wait || run.signal.aborted) unfinished.report();
    }
  });
}

async function submit(
  files: readonly PayloadFile[],
  options: SubmitOptions,
  context: SubmitContext,
  unfinished: UnfinishedRequests,
): Promise<void> {
  const { wait = false, timeout, output, json } = options;
  const onTerminal = isForPeople(options);
  const submitted = await submitAll(files, submissionOf(options, Date.now()), context, async (each) => {
    unfinished.update(each.request);
    if (!onTerminal && !wait) await printTrackedRequest(each, { json, ended: false });
  });
  if (!wait) return onTerminal ? printTrackedTable(submitted, false) : undefined;
  const waiting = { timeoutSeconds: timeout, folder: output };
  const ended = await waitForAll(submitted, waiting, context, async (each) => {
    unfinished.update(each.request);
    if (!onTerminal) await printTrackedRequest(each, { json, ended: true });
  });
  if (onTerminal) printTrackedTable(ended, true);
}
