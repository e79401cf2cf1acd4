import { Command } from 'commander';
import { isForPeople } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { GoingOn } from '../wait/going-on.ts';
import { addSubmitOptions, type SubmitOptions, submissionOf, usageProblem } from './options.ts';
import { type PayloadFile, PayloadFiles } from './payload-files.ts';
import { printAwaited, printTableOf } from './report.ts';
import { type Desk, submitAll } from './submitting.ts';
import { waitForAll } from './waiting.ts';

const EXAMPLES = `
Examples:
  coatcheck submit orders.csv
  coatcheck submit *.csv --wait --timeout 10min -o results
  zcat orders.csv.gz | coatcheck submit - --content-type text/csv
  coatcheck submit orders.csv --metadata customer=17 --expires-in 1h`;

/** `coatcheck submit`: hands in files. */
export function submitCommand(run: Run): Command {
  const command = new Command('submit')
    .description('Hand in files, and get a ticket for each.')
    .argument('<files...>', 'what to hand in; - is standard input')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addSubmitOptions(command).action(async (paths: string[], options: SubmitOptions) => {
    const problem = usageProblem(paths, options);
    if (problem !== undefined) command.error(`error: ${problem}`);
    await using payloads = new PayloadFiles(run.signal);
    const files: PayloadFile[] = [];
    for (const path of paths) files.push(await payloads.open(path));
    const goingOn = new GoingOn(options);
    try {
      await withService(options, run.signal, async (client) => {
        using board = new ProgressBoard();
        await submit(files, options, { client, run, board }, goingOn);
      });
    } catch (error) {
      // An option the client can't send.
      if (error instanceof RangeError) command.error(`error: ${error.message}`);
      throw error;
    } finally {
      if (options.wait || run.signal.aborted) goingOn.tell();
    }
  });
}

async function submit(
  files: readonly PayloadFile[],
  options: SubmitOptions,
  desk: Desk,
  goingOn: GoingOn,
): Promise<void> {
  const { wait = false, timeout, output, json } = options;
  const forPeople = isForPeople(options);
  const submitted = await submitAll(files, submissionOf(options, Date.now()), desk, async (each) => {
    goingOn.see(each.request);
    if (!forPeople && !wait) await printAwaited(each, { json, ended: false });
  });
  if (!wait) return forPeople ? printTableOf(submitted, false) : undefined;
  const waiting = { timeoutSeconds: timeout, folder: output };
  const ended = await waitForAll(submitted, waiting, desk, async (each) => {
    goingOn.see(each.request);
    if (!forPeople) await printAwaited(each, { json, ended: true });
  });
  if (forPeople) printTableOf(ended, true);
}
