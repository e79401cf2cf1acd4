import { Command } from 'commander';
import { isForPeople } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { eachRequest } from '../each-request.ts';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import { readDuration } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, type RequestCommandOptions } from '../service-options.ts';
import { printTrackedRequest, printTrackedTable } from '../submit/report.ts';
import { waitForAll } from '../submit/wait-for-all.ts';
import { UnfinishedRequests } from './unfinished-requests.ts';

const EXAMPLES = `
Examples:
  npx coatcheck wait 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  npx coatcheck submit *.csv | cut -f 1 | xargs npx coatcheck wait -o results`;

interface WaitOptions extends RequestCommandOptions {
  readonly timeout?: number;
  readonly output?: string;
}

/** `coatcheck wait`: waits for requests that were submitted before. */
export function waitCommand(run: Run): Command {
  const command = new Command('wait')
    .description('Wait for requests to end, and print their outcomes.')
    .argument('<ids...>', 'tickets')
    .option('--timeout <time>', 'maximum wait, for example 10min', readDuration)
    .option('-o, --output <folder>', 'folder for the results, named TICKET.result.EXTENSION')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addRequestOptions(command).action((ids: string[], options: WaitOptions) =>
    wait([...new Set(ids)], options, run),
  );
}

async function wait(ids: readonly string[], options: WaitOptions, run: Run): Promise<void> {
  const { timeout, output, source, json } = options;
  const onTerminal = isForPeople(options);
  const unfinished = new UnfinishedRequests(options);
  try {
    await withService(options, run.signal, async (client) => {
      const requests = await eachRequest(ids, run, (id) => client.status(id, { source, signal: run.signal }));
      for (const request of requests) unfinished.update(request);
      using board = new ProgressBoard();
      const tracked = requests.map((request) => ({
        request,
        name: fileNameOf(request.id),
        label: request.id,
      }));
      const waiting = { timeoutSeconds: timeout, folder: output, source };
      const ended = await waitForAll(tracked, waiting, { client, run, board }, async (each) => {
        unfinished.update(each.request);
        if (!onTerminal) await printTrackedRequest(each, { json, ended: true });
      });
      if (onTerminal) printTrackedTable(ended, true);
    });
  } finally {
    unfinished.report();
  }
}

/** A sender may choose a ticket that is unsafe as a file name, like `../a`. */
function fileNameOf(id: string): string {
  return encodeURIComponent(id);
}
