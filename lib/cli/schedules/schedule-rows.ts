import { latestRun, type Schedule } from '../../client/index.ts';
import { isForPeople, printCells, printJson, printRows } from '../../terminal/output.ts';

const HEADER = ['schedule', 'runs', 'next run', 'latest request', 'topic'] as const;

/** Prints schedules as a table, as cells or as JSON. */
export async function printSchedules(
  schedules: readonly Schedule[],
  { json }: { readonly json?: true },
): Promise<void> {
  if (isForPeople({ json })) {
    return printRows(HEADER, schedules.map(cellsOf), ['topic', 'latest request', 'runs', 'next run']);
  }
  for (const schedule of schedules) await (json ? printJson(schedule) : printCells(cellsOf(schedule)));
}

function cellsOf(schedule: Schedule): string[] {
  const { name, cron, timeZone = '', everyMinutes, nextRuns, pausedAt, topic = '' } = schedule;
  const runs = cron === undefined ? `every ${everyMinutes} min` : `${cron} ${timeZone}`;
  const next = pausedAt === undefined ? (nextRuns[0] ?? '') : 'paused';
  return [name, runs, next, latestRun(schedule)?.requestId ?? '', topic];
}
