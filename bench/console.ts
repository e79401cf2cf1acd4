/** The console of a service in a file with many requests: how long pages take, from their call to their last byte. */
import { manyRecords, openConsoleService } from '../test/support/console-service.ts';
import { lengthOf } from './support/length.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { median } from './support/statistics.ts';

const ROUNDS = lengthOf(21, 1);
const SIZES = [0, lengthOf(10_000, 10), lengthOf(1_000_000, 100)];

const PAGES = ['/', '/requests', '/requests?status=queued', '/requests?status=failed'];

await runBenchmark('Pages of the console', async (note): Promise<Report> => {
  const columns: { readonly size: number; readonly first: number; readonly medians: readonly number[] }[] =
    [];
  for (const size of SIZES) {
    note(`${size} requests`);
    columns.push({ size, ...(await timesWith(size)) });
  }
  const rowOf = (page: string, timeIn: (column: (typeof columns)[number]) => number) => ({
    page,
    ...Object.fromEntries(
      columns.map((column) => [`${column.size.toLocaleString('en-US')} requests, ms`, timeIn(column)]),
    ),
  });
  return {
    rows: [
      rowOf('/, the first call of a console', ({ first }) => first),
      ...PAGES.map((page, index) => rowOf(page, ({ medians }) => medians[index] ?? 0)),
    ],
    notes: [
      `Medians of ${ROUNDS} calls of each page, in turns, after the first. The service and the console are one process here, so each page also takes the time of the API.`,
      'No request has failed: the last page is one whose filter matches none of the requests that are read.',
    ],
  };
});

async function timesWith(
  size: number,
): Promise<{ readonly first: number; readonly medians: readonly number[] }> {
  await using service = await openConsoleService();
  await service.write(manyRecords(size));
  const session = await fetch(service.startUrl);
  const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
  const timeOf = async (page: string) => {
    const started = performance.now();
    const answer = await fetch(`${service.url}${page}`, { headers: { cookie } });
    await answer.text();
    if (!answer.ok) throw new Error(`${page} answered ${answer.status}`);
    return performance.now() - started;
  };
  const first = await timeOf('/');
  const times = PAGES.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, page] of PAGES.entries()) times[index]?.push(await timeOf(page));
  }
  return { first, medians: times.map(median) };
}
