import { Command, InvalidArgumentError, Option } from 'commander';
import { cronProblem } from '../../core/model/cron.ts';
import { PRIORITIES, type Priority } from '../../core/model/priority.ts';
import { everyMinutesProblem, MISSED_RUNS, OVERLAPS } from '../../core/model/schedule.ts';
import { timeZoneProblem } from '../../core/model/wall-time.ts';
import { readDuration, readTime } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { readTopic } from '../submit/options.ts';
import { PayloadFiles } from '../submit/payload-files.ts';
import { printSchedules } from './schedule-rows.ts';

const EXAMPLES = `
Examples:
  npx coatcheck schedules add nightly report.json --cron '30 2 * * *' --time-zone Europe/Berlin
  npx coatcheck schedules add stock check.json --every 15min --overlap skip`;

interface AddOptions extends ServiceOptions {
  readonly cron?: string;
  readonly timeZone?: string;
  /** In minutes. */
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
    .description(
      'Add a schedule that submits a file at each of its runs. It replaces a schedule with the same name.',
    )
    .argument('<name>', 'name of the schedule')
    .argument('<file>', 'payload of its requests; - is standard input')
    .option(
      '--cron <cron>',
      "minute, hour, day of month, month, day of week, for example '30 6 * * MON-FRI'",
      readCron,
    )
    .option(
      '--time-zone <zone>',
      'time zone of the cron, for example Europe/Berlin (default: UTC)',
      readTimeZone,
    )
    .option(
      '--every <time>',
      'interval instead of a cron, in whole minutes, for example 15min',
      readEveryMinutes,
    )
    .option('--start <time>', 'no runs before this time, for example 2026-01-31T12:00:00Z', readTime)
    .option('--end <time>', 'no runs after this time', readTime)
    .addOption(
      new Option(
        '--overlap <policy>',
        'what to do if the request of the previous run has not ended: submit anyway, skip the run, or cancel that request (default: queue)',
      ).choices(OVERLAPS),
    )
    .addOption(
      new Option(
        '--missed <policy>',
        'what to do about missed runs: submit the last one, or skip them all (default: last)',
      ).choices(MISSED_RUNS),
    )
    .option('--content-type <type>', 'content type of the file (default: by its extension)')
    .option('--topic <topic>', 'topic of the requests, for example images.thumbnail', readTopic)
    .addOption(
      new Option('--priority <priority>', 'priority of the requests (default: normal)').choices(PRIORITIES),
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
          everyMinutes: every,
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

function readCron(text: string): string {
  return accepted(text, cronProblem(text));
}

function readTimeZone(text: string): string {
  return accepted(text, timeZoneProblem(text));
}

function readEveryMinutes(text: string): number {
  const minutes = readDuration(text) / 60;
  const problem = everyMinutesProblem(minutes);
  return accepted(minutes, problem && `${problem} minutes`);
}

/** The value of an option. @throws InvalidArgumentError */
function accepted<Value>(value: Value, problem: string | undefined): Value {
  if (problem === undefined) return value;
  throw new InvalidArgumentError(`It ${problem}.`);
}
