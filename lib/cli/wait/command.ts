import { Command } from 'commander';
import { isForPeople } from '../../terminal/output.ts';
import { ProgressBoard } from '../../terminal/progress-board.ts';
import { eachRequest } from '../each-request.ts';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import { readDuration } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, type RequestOptions } from '../service-options.ts';
import { printAwaited, printTableOf } from '../submit/report.ts';
import { waitForAll } from '../submit/waiting.ts';
import { GoingOn } from './going-on.ts';

const EXAMPLES = `
Examples:
  coatcheck wait 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  coatcheck submit *.csv | cut -f 1 | xargs coatcheck wait -o results`;

interface WaitOptions extends RequestOptions {
  readonly timeout?: number;
  readonly output?: string;
}

/** `coatcheck wait`: waits for requests that were handed in before. */
export function waitCommand(run: Run): Command {
  const command = new Command('wait')
    .description('Wait until requests have ended, and say how.')
    .argument('<ids...>', 'their tickets')
    .option('--timeout <time>', 'wait no longer, for example 10min', readDuration)
    .option('-o, --output <folder>', 'write the results there, as TICKET.result.EXTENSION')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addRequestOptions(command).action((ids: string[], options: WaitOptions) =>
    wait([...new Set(ids)], options, run),
  );
}

async function wait(ids: readonly string[], options: WaitOptions, run: Run): Promise<void> {
  const { timeout, output, source, json } = options;
  const forPeople = isForPeople(options);
  const goingOn = new GoingOn(options);
  try {
    await withService(options, run.signal, async (client) => {
      const requests = await eachRequest(ids, run, (id) => client.status(id, { source, signal: run.signal }));
      for (const request of requests) goingOn.see(request);
      using board = new ProgressBoard();
      const named = requests.map((request) => ({ request, name: fileNameOf(request.id), shown: request.id }));
      const waiting = { timeoutSeconds: timeout, folder: output, source };
      const ended = await waitForAll(named, waiting, { client, run, board }, async (each) => {
        goingOn.see(each.request);
        if (!forPeople) await printAwaited(each, { json, ended: true });
      });
      if (forPeople) printTableOf(ended, true);
    });
  } finally {
    goingOn.tell();
  }
}

/** Senders of messages may choose tickets like `../a`. */
function fileNameOf(id: string): string {
  return encodeURIComponent(id);
}
