import { Command, Option } from 'commander';
import { PRIORITIES, type Priority } from '../../core/model/priority.ts';
import { MISSED_RUNS, OVERLAPS } from '../../core/model/schedule.ts';
import { readDuration, readTime } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { PayloadFiles } from '../submit/payload-files.ts';
import { printSchedules } from './schedule-rows.ts';

const EXAMPLES = `
Examples:
  coatcheck schedules add nightly report.json --cron '30 2 * * *' --time-zone Europe/Berlin
  coatcheck schedules add stock check.json --every 15min --overlap skip`;

interface AddOptions extends ServiceOptions {
  readonly cron?: string;
  readonly timeZone?: string;
  readonly every?: number;
  readonly start?: Date;
  readonly end?: Date;
  readonly overlap?: (typeof OVERLAPS)[number];
  readonly missed?: (typeof MISSED_RUNS)[number];
  readonly contentType?: string;
  readonly topic?: string;
  readonly priority?: Priority;
}

/** `coatcheck schedules add`: adds a schedule, or replaces that of its name. */
export function addScheduleCommand(run: Run): Command {
  const command = new Command('add')
    .description('Add a schedule, or replace that of its name: it submits a file at each of its runs.')
    .argument('<name>', 'name of the schedule')
    .argument('<file>', 'payload of its requests; - is standard input')
    .option('--cron <cron>', "minute, hour, day of month, month, day of week, for example '30 6 * * MON-FRI'")
    .option('--time-zone <zone>', 'time zone of the cron, for example Europe/Berlin (default: UTC)')
    .option(
      '--every <time>',
      'time from one run to the next instead of a cron, for example 15min',
      readDuration,
    )
    .option('--start <time>', 'no run is before it, for example 2026-01-31T12:00:00Z', readTime)
    .option('--end <time>', 'no run is after it', readTime)
    .addOption(
      new Option(
        '--overlap <policy>',
        'what happens to a run while the one before goes on (default: queue)',
      ).choices(OVERLAPS),
    )
    .addOption(
      new Option(
        '--missed <policy>',
        'which of the runs that were missed is made up for (default: last)',
      ).choices(MISSED_RUNS),
    )
    .option('--content-type <type>', 'content type of the file (default: by its extension)')
    .option('--topic <topic>', 'what the requests are about')
    .addOption(
      new Option('--priority <priority>', 'how urgent the requests are (default: normal)').choices(
        PRIORITIES,
      ),
    )
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action(async (name: string, path: string, options: AddOptions) => {
    await using payloads = new PayloadFiles(run.signal);
    const { blob } = await payloads.open(path);
    const { cron, timeZone, every, start, end, overlap, missed, topic, priority } = options;
    const type = options.contentType ?? blob.type;
    await withService(options, run.signal, async ({ schedules }) => {
      const added = await schedules.put(
        {
          name,
          cron,
          timeZone,
          everyMinutes: every === undefined ? undefined : every / 60,
          startAt: start,
          endAt: end,
          overlap,
          missed,
          topic,
          priority,
          base64: Buffer.from(await blob.arrayBuffer()).toString('base64'),
          contentType: type === '' ? undefined : type,
        },
        { signal: run.signal },
      );
      await printSchedules([added], options);
    });
  });
}
