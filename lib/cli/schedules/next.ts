import { Command, InvalidArgumentError } from 'commander';
import { isForPeople, printCells, printJson, printRows } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

/** The API says as many of each schedule. */
const MOST_RUNS = 5;

/** `coatcheck schedules next`: prints the next runs of all schedules. */
export function nextRunsCommand(run: Run): Command {
  const command = new Command('next')
    .description('Print the next runs of all schedules.')
    .argument('[count]', `how many, up to ${MOST_RUNS}`, readRuns, MOST_RUNS);
  return addServiceOptions(command).action((count: number, options: ServiceOptions) =>
    withService(options, run.signal, async ({ schedules }) => {
      const listed = await schedules.list({ signal: run.signal });
      const runs = listed
        .flatMap(({ name, nextRuns }) => nextRuns.map((at) => ({ at, name })))
        .sort((one, other) => (one.at < other.at ? -1 : 1))
        .slice(0, count);
      const rows = runs.map(({ at, name }) => [at, name]);
      if (isForPeople(options)) return printRows(['run', 'schedule'], rows, []);
      for (const { at, name } of runs)
        await (options.json ? printJson({ at, name }) : printCells([at, name]));
    }),
  );
}

function readRuns(text: string): number {
  if (/^[1-9]$/.test(text) && Number(text) <= MOST_RUNS) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_RUNS}.`);
}
